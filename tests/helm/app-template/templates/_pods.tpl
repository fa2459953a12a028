{{/* The pod of a controller: what it is called, what it mounts, in which order its containers start, and what asks them. */}}

{{/* The label by which the versions before 4.x and 4.x tell controllers apart. */}}
{{- define "controllerLabel" -}}
{{- if eq .Version "3.0.0" -}}
  common.bjw-s.dev/controller
{{- else -}}
  {{- printf "app.kubernetes.io/%s" (include "isBefore4" . | empty | ternary "controller" "component") -}}
{{- end -}}
{{- end -}}

{{/*
The order of containers, as a list of keys. Given: root, containers. In 2.x by the text of `order` and the key, unless one of them
depends on others; later always the first one by key of those that wait for nothing.
*/}}
{{- define "order" -}}
{{- $all := dict -}}
{{- $depends := false -}}
{{- range $key, $container := .containers -}}
  {{- $container := $container | default dict -}}
  {{- if include "enabled" $container -}}{{- $_ := set $all $key $container -}}{{- end -}}
  {{- if hasKey $container "dependsOn" -}}{{- $depends = true -}}{{- end -}}
{{- end -}}
{{- $order := list -}}
{{- if and (include "is2" .root) (not $depends) -}}
  {{- $sorted := dict -}}
  {{- range $key, $container := $all -}}
    {{- $_ := set $sorted (printf "%v-%s" (dig "order" 99 $container) $key) $key -}}
  {{- end -}}
  {{- range $sorted -}}{{- $order = append $order . -}}{{- end -}}
{{- else -}}
  {{- range $all -}}
    {{- $next := "" -}}
    {{- range $key, $container := $all -}}
      {{- $waits := $container.dependsOn | default list -}}
      {{- if kindIs "string" $waits -}}{{- $waits = list $waits -}}{{- end -}}
      {{- $isReady := not (has $key $order) -}}
      {{- range $waits -}}{{- if not (has . $order) -}}{{- $isReady = false -}}{{- end -}}{{- end -}}
      {{- if and $isReady (eq $next "") -}}{{- $next = $key -}}{{- end -}}
    {{- end -}}
    {{- $order = append $order ($next | default "!a circle") -}}
  {{- end -}}
{{- end -}}
{{- toJson $order -}}
{{- end -}}

{{/* The port of a service that is used where none is named: the last one that is primary, else the first. Given: a service. */}}
{{- define "primaryPort" -}}
{{- $all := dict -}}
{{- range $key, $port := (. | default dict).ports -}}
  {{- if include "enabled" $port -}}{{- $_ := set $all $key $port -}}{{- end -}}
{{- end -}}
{{- $found := dict -}}
{{- range $all -}}{{- if .primary -}}{{- $found = . -}}{{- end -}}{{- end -}}
{{- if and (not $found) $all -}}{{- $found = get $all (keys $all | sortAlpha | first) -}}{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* The default port of the service that the probes of a controller ask. Given: root, id. */}}
{{- define "portOfProbes" -}}
{{- $root := .root -}}
{{- $id := .id -}}
{{- $only := len (get $root.Items "controllers") | eq 1 -}}
{{- $its := dict -}}
{{- range $key, $service := get $root.Items "service" -}}
  {{- if or (eq ($service.controller | default "") $id) (and $only (not $service.controller)) -}}{{- $_ := set $its $key $service -}}{{- end -}}
{{- end -}}
{{- $found := dict -}}
{{- range $its -}}{{- if .primary -}}{{- $found = . -}}{{- end -}}{{- end -}}
{{- if and (not $found) $its -}}{{- $found = get $its (keys $its | sortAlpha | first) -}}{{- end -}}
{{- include "primaryPort" $found -}}
{{- end -}}

{{/* What asks a container. Given: root, id (of the controller), container. */}}
{{- define "probes" -}}
{{- $port := include "portOfProbes" . | fromJson -}}
{{- $made := dict -}}
{{- range $name, $probe := .container.probes -}}
  {{- $spec := $probe.spec | default dict -}}
  {{- if and $probe.enabled $probe.custom -}}
    {{- /* What Kubernetes has by default. */ -}}
    {{- $_ := set $made $name (merge (deepCopy $spec) (dict "failureThreshold" 3 "periodSeconds" 10)) -}}
  {{- else if and $probe.enabled $port -}}
    {{- $type := $probe.type | default "TCP" -}}
    {{- if eq $type "AUTO" -}}{{- $type = $port.protocol | default "TCP" -}}{{- end -}}
    {{- $numbers := dict "failureThreshold" (dig "failureThreshold" 3 $spec) "periodSeconds" (dig "periodSeconds" 10 $spec) -}}
    {{- $asks := dict "type" $type "path" ($probe.path | default "") "port" ($probe.port | default ($port.targetPort | default $port.port) | toString) -}}
    {{- $_ := set $made $name (merge $asks $numbers) -}}
  {{- end -}}
{{- end -}}
{{- toJson $made -}}
{{- end -}}

{{/* The volumes that a controller mounts. Given: root, id. */}}
{{- define "volumes" -}}
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
{{- toJson $volumes -}}
{{- end -}}

{{/* The ConfigMaps and Secrets that the enabled containers of a controller read. Given: root, item. */}}
{{- define "envFrom" -}}
{{- $root := .root -}}
{{- $from := list -}}
{{- range $container := .item.containers -}}
  {{- $entries := include "enabled" $container | empty | ternary list (($container | default dict).envFrom | default list) -}}
  {{- range $entry := $entries -}}
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
{{- toJson $from -}}
{{- end -}}

{{/* The pod of a controller. Given: root, id, item. */}}
{{- define "pod" -}}
{{- $root := .root -}}
{{- $id := .id -}}
{{- $containers := list -}}
{{- range include "order" (dict "root" $root "containers" .item.containers) | fromJsonArray -}}
  {{- $container := get $.item.containers . | default dict -}}
  {{- $probes := include "probes" (dict "root" $root "id" $id "container" $container) | fromJson -}}
  {{- $containers = append $containers (dict "name" . "probes" $probes) -}}
{{- end -}}
{{- $init := include "order" (dict "root" $root "containers" .item.initContainers) | fromJsonArray -}}
{{- $links := dig "enableServiceLinks" false ($root.Values.defaultPodOptions | default dict) -}}
{{- $links = dig "enableServiceLinks" $links (.item.pod | default dict) -}}
{{- $labels := dict "app.kubernetes.io/name" (include "fullname" $root) "app.kubernetes.io/instance" $root.Release.Name (include "controllerLabel" $root) $id -}}
{{- $spec := dict
  "serviceAccountName" (include "podAccount" . | trim)
  "enableServiceLinks" $links
  "volumes" (include "volumes" . | fromJsonArray)
  "envFrom" (include "envFrom" . | fromJsonArray)
  "containers" $containers
  "initContainers" $init
-}}
{{- dict "metadata" (dict "labels" $labels) "spec" $spec | toJson -}}
{{- end -}}
