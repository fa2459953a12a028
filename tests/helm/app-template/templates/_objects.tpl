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

{{/* What an object says besides its kind and name. Given: an item. One template for each section. */}}
{{- define "body.controllers" -}}
{{- $pod := include "pod" . | fromJson -}}
{{- if eq (.item.type | default "deployment") "cronjob" -}}
  {{- dict "spec" (dict "schedule" (dig "cronjob" "schedule" "" .item) "jobTemplate" (dict "spec" (dict "template" $pod))) | toJson -}}
{{- else -}}
  {{- $templates := list -}}
  {{- range (.item.statefulset | default dict).volumeClaimTemplates -}}
    {{- $templates = append $templates (dict "metadata" (dict "name" .name)) -}}
  {{- end -}}
  {{- dict "spec" (dict "selector" (dict "matchLabels" $pod.metadata.labels) "template" $pod "volumeClaimTemplates" $templates) | toJson -}}
{{- end -}}
{{- end -}}

{{- define "body.service" -}}
{{- $root := .root -}}
{{- $type := .item.type | default "ClusterIP" -}}
{{- /* Until 3.3.0 a LoadBalancer does not have it. */ -}}
{{- $hasNodePorts := or (eq $type "NodePort") (and (eq $type "LoadBalancer") (semverCompare ">=3.3.0" $root.Version)) -}}
{{- $ports := dict -}}
{{- range $name, $port := .item.ports -}}
  {{- if include "enabled" $port -}}
    {{- $_ := set $ports $name (dict "port" (toString $port.port) "targetPort" ($port.targetPort | default $port.port | toString)) -}}
    {{- if and $hasNodePorts $port.nodePort -}}{{- $_ := set (get $ports $name) "nodePort" (toString $port.nodePort) -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- dict "spec" (dict "type" $type "ports" $ports "selector" (dict (include "controllerLabel" $root) (.item.controller | default ""))) | toJson -}}
{{- end -}}

{{- define "body.persistence" -}}
{{- dict "spec" (dict "accessMode" (.item.accessMode | default "") "size" (.item.size | default "")) | toJson -}}
{{- end -}}

{{- define "body.serviceMonitor" -}}
{{- $ref := .item.service | default (dict "name" (.item.serviceName | default "")) -}}
{{- $service := empty .item.selector | ternary (include "reference" (dict "root" .root "section" "service" "ref" $ref)) "" -}}
{{- dict "spec" (dict "service" $service "selector" (.item.selector | default dict) "endpoints" (.item.endpoints | default list)) | toJson -}}
{{- end -}}

{{- define "body.networkpolicies" -}}
{{- $selector := .item.podSelector | default dict -}}
{{- if and .item.controller (not (hasKey .item "podSelector")) -}}
  {{- $selector = dict "matchLabels" (dict (include "controllerLabel" .root) .item.controller) -}}
{{- end -}}
{{- $says := dict "podSelector" $selector "policyTypes" (.item.policyTypes | default list) "rules" (.item.rules | default dict) -}}
{{- dict "spec" $says | toJson -}}
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
