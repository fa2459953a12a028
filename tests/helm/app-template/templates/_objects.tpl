{{/* The objects, each with what matters here: what it is called, and what it calls others. */}}

{{/* A name, or any text, that the chart renders. Given: root, text. */}}
{{- define "text" -}}
{{- tpl (toString .text) .root -}}
{{- end -}}

{{/* What stands for an entry of another section: by `identifier`, else by `name`. Given: root, section, ref. */}}
{{- define "reference" -}}
{{- if .ref.identifier -}}
  {{- include "nameOf" (dict "root" .root "section" .section "id" .ref.identifier) -}}
{{- else -}}
  {{- include "text" (dict "root" .root "text" .ref.name) -}}
{{- end -}}
{{- end -}}

{{/* The label by which 3.x and 4.x tell controllers apart. */}}
{{- define "controllerLabel" -}}
{{- if eq .Version "3.0.0" -}}
  common.bjw-s.dev/controller
{{- else -}}
  {{- printf "app.kubernetes.io/%s" (hasPrefix "3." .Version | ternary "component" "controller") -}}
{{- end -}}
{{- end -}}

{{/* The pod of a controller. Given: root, id, item. */}}
{{- define "pod" -}}
{{- $root := .root -}}
{{- $id := .id -}}
{{- $volumes := list -}}
{{- range $name, $volume := $root.Values.persistence -}}
  {{- $isMounted := and (kindIs "map" $volume) (or (not $volume.advancedMounts) (hasKey ($volume.advancedMounts | default dict) $id)) -}}
  {{- if and $isMounted (include "enabled" $volume) -}}
    {{- $type := $volume.type | default "persistentVolumeClaim" -}}
    {{- $source := dict -}}
    {{- if eq $type "persistentVolumeClaim" -}}
      {{- if $volume.existingClaim -}}
        {{- $source = dict "claimName" (include "text" (dict "root" $root "text" $volume.existingClaim)) -}}
      {{- else -}}
        {{- $source = dict "claimName" (include "nameOf" (dict "root" $root "section" "persistence" "id" $name)) -}}
      {{- end -}}
    {{- else if has $type (list "configMap" "secret") -}}
      {{- $source = dict "name" (include "reference" (dict "root" $root "section" (printf "%ss" $type) "ref" $volume)) -}}
    {{- end -}}
    {{- $volumes = append $volumes (dict "name" $name $type $source) -}}
  {{- end -}}
{{- end -}}
{{- $from := list -}}
{{- range $container := .item.containers -}}
  {{- range $entry := ($container | default dict).envFrom -}}
    {{- $keys := dict "configMap" "configMaps" "configMapRef" "configMaps" "secret" "secrets" "secretRef" "secrets" -}}
    {{- range $key, $section := $keys -}}
      {{- $ref := kindIs "map" $entry | ternary (dig $key "" ($entry | default dict)) "" -}}
      {{- if and $ref (kindIs "string" $ref) -}}
        {{- /* The short form: an identifier where there is one, else a name. */ -}}
        {{- $ref = dict (hasKey (get $root.Items $section) $ref | ternary "identifier" "name") $ref -}}
      {{- end -}}
      {{- if $ref -}}
        {{- $from = append $from (include "reference" (dict "root" $root "section" $section "ref" $ref)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $labels := dict "app.kubernetes.io/name" (include "fullname" $root) "app.kubernetes.io/instance" $root.Release.Name (include "controllerLabel" $root) $id -}}
{{- $spec := dict "serviceAccountName" (include "podAccount" . | trim) "volumes" $volumes "envFrom" $from -}}
{{- dict "metadata" (dict "labels" $labels) "spec" $spec | toJson -}}
{{- end -}}

{{/* What an object says besides its kind and name. Given: an item. One template for each section. */}}
{{- define "body.controllers" -}}
{{- $pod := include "pod" . | fromJson -}}
{{- if eq (.item.type | default "deployment") "cronjob" -}}
  {{- dict "spec" (dict "jobTemplate" (dict "spec" (dict "template" $pod))) | toJson -}}
{{- else -}}
  {{- $templates := list -}}
  {{- range (.item.statefulset | default dict).volumeClaimTemplates -}}
    {{- $templates = append $templates (dict "metadata" (dict "name" .name)) -}}
  {{- end -}}
  {{- dict "spec" (dict "selector" (dict "matchLabels" $pod.metadata.labels) "template" $pod "volumeClaimTemplates" $templates) | toJson -}}
{{- end -}}
{{- end -}}

{{- define "body.service" -}}
{{- dict "spec" (dict "selector" (dict (include "controllerLabel" .root) (.item.controller | default ""))) | toJson -}}
{{- end -}}

{{- define "body.ingress" -}}
{{- $root := .root -}}
{{- $services := list -}}
{{- range .item.hosts -}}
  {{- range .paths -}}
    {{- with .service -}}
      {{- $services = append $services (include "reference" (dict "root" $root "section" "service" "ref" .)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- dict "spec" (dict "services" $services) | toJson -}}
{{- end -}}

{{/* The number of the only port of a service, or of the one that is primary. */}}
{{- define "primaryPort" -}}
{{- $all := .ports | default dict -}}
{{- range $all -}}
  {{- if or .primary (eq (len $all) 1) -}}{{- toString .port -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/* 3.x looks a backend's name up as an identifier first; 4.x takes it as it is. */}}
{{- define "body.route" -}}
{{- $root := .root -}}
{{- $backends := list -}}
{{- range .item.rules -}}
  {{- range .backendRefs -}}
    {{- $ref := . -}}
    {{- if and (include "is3" $root) (hasKey $root.Items.service (.name | default "")) -}}
      {{- $ref = dict "identifier" .name -}}
    {{- end -}}
    {{- $port := .port | default "" -}}
    {{- if $ref.identifier -}}
      {{- $primary := include "primaryPort" (get $root.Items.service $ref.identifier | default dict) -}}
      {{- /* Before 3.7.3 it overrules what is stated. */ -}}
      {{- $port = semverCompare ">=3.7.3" $root.Version | ternary (.port | default $primary) $primary -}}
    {{- end -}}
    {{- /* Before 3.1.0 zero is nothing. */ -}}
    {{- $weight := hasKey . "weight" | ternary .weight 1 -}}
    {{- if not (semverCompare ">=3.1.0" $root.Version) -}}{{- $weight = $weight | default 1 -}}{{- end -}}
    {{- $name := include "reference" (dict "root" $root "section" "service" "ref" $ref) -}}
    {{- $backends = append $backends (dict "name" $name "port" (toString $port) "weight" (toString $weight)) -}}
  {{- end -}}
{{- end -}}
{{- dict "spec" (dict "backendRefs" $backends) | toJson -}}
{{- end -}}

{{- define "body.serviceMonitor" -}}
{{- $ref := .item.service | default (dict "name" (.item.serviceName | default "")) -}}
{{- dict "spec" (dict "service" (include "reference" (dict "root" .root "section" "service" "ref" $ref))) | toJson -}}
{{- end -}}

{{- define "body.networkpolicies" -}}
{{- $selector := .item.podSelector | default dict -}}
{{- with .item.controller -}}
  {{- $selector = dict "matchLabels" (dict (include "controllerLabel" $.root) .) -}}
{{- end -}}
{{- dict "spec" (dict "podSelector" $selector) | toJson -}}
{{- end -}}

{{- define "body.rbac.roles" -}}
{{- dict "rules" (.item.rules | default list) | toJson -}}
{{- end -}}

{{- define "body.rbac.bindings" -}}
{{- $root := .root -}}
{{- $ref := .item.roleRef | default dict -}}
{{- $kind := $ref.kind | default "" -}}
{{- if $ref.identifier -}}
  {{- $kind = (get $root.Items "rbac.roles" | dig $ref.identifier "type" "Role") -}}
{{- end -}}
{{- $role := dict "kind" $kind "name" (include "reference" (dict "root" $root "section" "rbac.roles" "ref" $ref)) -}}
{{- $subjects := list -}}
{{- range .item.subjects -}}
  {{- if .identifier -}}
    {{- $name := include "account" (dict "root" $root "id" .identifier) -}}
    {{- $subjects = append $subjects (dict "kind" "ServiceAccount" "name" $name "namespace" $root.Release.Namespace) -}}
  {{- else -}}
    {{- $namespace := include "text" (dict "root" $root "text" (.namespace | default "")) -}}
    {{- $name := include "text" (dict "root" $root "text" .name) -}}
    {{- $subjects = append $subjects (dict "kind" .kind "name" $name "namespace" $namespace) -}}
  {{- end -}}
{{- end -}}
{{- dict "roleRef" $role "subjects" $subjects | toJson -}}
{{- end -}}
