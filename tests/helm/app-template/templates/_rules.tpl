{{/* docs/app-template.md#ingresses-and-routes: where Ingresses and routes send what they are asked. */}}

{{/*
The port of a Service, as `number`. Given: service, port. One by name is looked up whether it is enabled or not; without any it is the
port that is used where none is named.
*/}}
{{- define "portOf" -}}
{{- $number := .port -}}
{{- if not .port -}}
  {{- $number = (include "primaryPort" .service | fromJson).port -}}
{{- else if kindIs "string" .port -}}
  {{- $number = (get (.service.ports | default dict) .port | default dict).port -}}
{{- end -}}
{{- dict "number" $number | toJson -}}
{{- end -}}

{{/* The name and the port of a Service of the values. Given: root, id, service, port. */}}
{{- define "backendOfService" -}}
{{- $name := include "name" (dict "root" .root "section" "service" "id" .id "item" .service) -}}
{{- dict "name" $name "port" (include "portOf" . | fromJson).number | toJson -}}
{{- end -}}

{{/* The identifier of the only enabled Service. Given: root. Nothing where there are several. */}}
{{- define "onlyService" -}}
{{- $enabled := keys (get .root.Items "service") -}}
{{- if eq (len $enabled) 1 -}}{{- first $enabled -}}{{- end -}}
{{- end -}}

{{/*
The backend of a path of an Ingress. Given: root, path. Where the chart fails, the name says so.
3.x finds a disabled Service, too, and makes a backend without a name of one that states neither name nor identifier.
*/}}
{{- define "backendOfPath" -}}
{{- $root := .root -}}
{{- $is4 := include "isBefore4" $root | empty -}}
{{- $backend := .path.service | default dict -}}
{{- $name := $backend.name | default "" -}}
{{- $id := $backend.identifier | default "" -}}
{{- /* 2.x looks the name up as an identifier first. */ -}}
{{- if and (include "is2" $root) (hasKey (get $root.Items "service") $name) -}}
  {{- $id = $name -}}
  {{- $name = "" -}}
{{- end -}}
{{- if and $is4 (not $name) (not $id) -}}{{- $id = include "onlyService" . -}}{{- end -}}
{{- $services := $is4 | ternary (get $root.Items "service") ($root.Values.service | default dict) -}}
{{- $service := get $services $id | default dict -}}
{{- $made := dict "name" nil "port" nil -}}
{{- if and (not $is4) (not (hasKey .path "service")) -}}
  {{- $made = dict "name" "!no service" -}}
{{- else if and $name (kindIs "string" $backend.port) (not $service) $is4 -}}
  {{- $made = dict "name" "!a port by name, and no service to look it up in" -}}
{{- else if $name -}}
  {{- $port := $backend.port | default 0 -}}
  {{- if kindIs "string" $port -}}{{- $port = (include "portOf" (dict "service" $service "port" $port) | fromJson).number -}}{{- end -}}
  {{- $made = dict "name" (tpl $name $root) "port" $port -}}
{{- else if $service -}}
  {{- $made = include "backendOfService" (dict "root" $root "id" $id "service" $service "port" $backend.port) | fromJson -}}
{{- else if or $is4 $id -}}
  {{- $made = dict "name" (printf "!no service %s" $id) -}}
{{- end -}}
{{- toJson $made -}}
{{- end -}}

{{- define "body.ingress" -}}
{{- $root := .root -}}
{{- $spec := dict "ingressClassName" .item.className -}}
{{- $tls := list -}}
{{- range .item.tls -}}
  {{- $hosts := list -}}
  {{- range .hosts -}}{{- $hosts = append $hosts (tpl . $root) -}}{{- end -}}
  {{- $tls = append $tls (dict "hosts" $hosts "secretName" (tpl (.secretName | default "") $root)) -}}
{{- end -}}
{{- $_ := set $spec "tls" $tls -}}
{{- if .item.defaultBackend -}}
  {{- /* It takes the place of all rules. */ -}}
  {{- $_ := set $spec "defaultBackend" .item.defaultBackend -}}
{{- else -}}
  {{- $rules := list -}}
  {{- range .item.hosts -}}
    {{- $paths := list -}}
    {{- range .paths -}}
      {{- $made := include "backendOfPath" (dict "root" $root "path" .) | fromJson -}}
      {{- $service := dict "name" $made.name "port" (dict "number" $made.port) -}}
      {{- $path := .path | default "!no path" -}}
      {{- $paths = append $paths (dict "path" (tpl $path $root) "pathType" (.pathType | default "Prefix") "backend" (dict "service" $service)) -}}
    {{- end -}}
    {{- $rules = append $rules (dict "host" (tpl .host $root) "http" (dict "paths" $paths)) -}}
  {{- end -}}
  {{- $_ := set $spec "rules" $rules -}}
{{- end -}}
{{- dict "spec" $spec | toJson -}}
{{- end -}}

{{/*
The backend of a rule of a route. Given: root, backend. 3.x looks the name up as an identifier first, and knows no `identifier`; 4.x
takes the name as a template, and fails on an identifier without an enabled Service. A port by name stays one until 4.6.1.
*/}}
{{- define "backendOfRoute" -}}
{{- $root := .root -}}
{{- $is4 := include "isBefore4" $root | empty -}}
{{- $name := .backend.name -}}
{{- $port := .backend.port -}}
{{- $id := $is4 | ternary (.backend.identifier | default "") ($name | default "") -}}
{{- $service := get (get $root.Items "service") $id | default dict -}}
{{- $made := dict "name" $name "port" $port -}}
{{- if and $is4 $name -}}
  {{- $made = dict "name" (tpl $name $root) "port" $port -}}
{{- else if $service -}}
  {{- /* Before 3.7.3 the port that is used where none is named overrules what is stated. */ -}}
  {{- if not (semverCompare ">=3.7.3" $root.Version) -}}{{- $port = "" -}}{{- end -}}
  {{- $made = include "backendOfService" (dict "root" $root "id" $id "service" $service "port" $port) | fromJson -}}
  {{- if and $port (kindIs "string" $port) (not (semverCompare ">=4.6.1" $root.Version)) -}}{{- $_ := set $made "port" $port -}}{{- end -}}
{{- else if and $is4 $id -}}
  {{- $made = dict "name" (printf "!no service %s" $id) -}}
{{- end -}}
{{- toJson $made -}}
{{- end -}}

{{- define "body.route" -}}
{{- $root := .root -}}
{{- $rules := list -}}
{{- range .item.rules -}}
  {{- $backends := list -}}
  {{- range .backendRefs -}}
    {{- $made := include "backendOfRoute" (dict "root" $root "backend" .) | fromJson -}}
    {{- /* Before 3.1.0 zero is nothing. */ -}}
    {{- $weight := hasKey . "weight" | ternary .weight 1 -}}
    {{- if not (semverCompare ">=3.1.0" $root.Version) -}}{{- $weight = $weight | default 1 -}}{{- end -}}
    {{- $backends = append $backends (set $made "weight" $weight) -}}
  {{- end -}}
  {{- range .filters -}}
    {{- if and (eq .type "RequestRedirect") $backends -}}{{- $backends = list (dict "name" "!a redirect with a backend") -}}{{- end -}}
  {{- end -}}
  {{- $rules = append $rules (dict "matches" (.matches | default list) "filters" (.filters | default list) "backendRefs" $backends) -}}
{{- end -}}
{{- $only := include "onlyService" . -}}
{{- if and (not $rules) $only (semverCompare ">=4.1.1" $root.Version) -}}
  {{- $backend := include "backendOfRoute" (dict "root" $root "backend" (dict "identifier" $only)) | fromJson -}}
  {{- $rules = list (dict "matches" list "filters" list "backendRefs" (list (set $backend "weight" 1))) -}}
{{- end -}}
{{- $hostnames := list -}}
{{- range .item.hostnames -}}{{- $hostnames = append $hostnames (tpl . $root) -}}{{- end -}}
{{- $parents := list -}}
{{- range .item.parentRefs -}}
  {{- $parents = append $parents (.namespace | empty | ternary (dict "name" "!a parent without a namespace") .) -}}
{{- end -}}
{{- dict "spec" (dict "hostnames" $hostnames "parentRefs" $parents "rules" $rules) | toJson -}}
{{- end -}}

{{/* The version of a kind of route: the one that the API server has, as far as Helm is told. Given: root, kind. */}}
{{- define "routeVersion" -}}
{{- $isThere := .root.Capabilities.APIVersions.Has (printf "gateway.networking.k8s.io/v1/%s" .kind) -}}
{{- $isThere | ternary "gateway.networking.k8s.io/v1" "gateway.networking.k8s.io/v1alpha2" -}}
{{- end -}}
