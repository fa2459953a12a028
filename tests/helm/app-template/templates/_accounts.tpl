{{/* docs/app-template.md#service-accounts */}}

{{/*
The accounts that the chart creates. Given: what a chart calls $.
In 4.x by identifier. In 3.x each has its identifier in `id`: `serviceAccount` itself is called `default`, and an entry of
`extraServiceAccounts` may be called so, too. The chart renders one after the other and makes both of them.
*/}}
{{- define "accounts" -}}
{{- $values := .Values.serviceAccount | default dict -}}
{{- $all := dict -}}
{{- if not (include "isBefore4" .) -}}
  {{- range $id, $item := $values -}}
    {{- if include "enabled" $item -}}{{- $_ := set $all $id $item -}}{{- end -}}
  {{- end -}}
{{- else -}}
  {{- if $values.create -}}
    {{- $_ := set $all "default" (dict "id" "default" "name" ($values.name | default "") "annotations" ($values.annotations | default dict)) -}}
  {{- end -}}
  {{- /* Since 3.5.0. */ -}}
  {{- range $id, $item := semverCompare ">=3.5.0" .Version | ternary ($values.extraServiceAccounts | default dict) dict -}}
    {{- if or (not (hasKey $item "create")) $item.create -}}
      {{- $_ := set $all (printf "extra/%s" $id) (dict "id" $id "name" ($item.name | default "") "annotations" ($item.annotations | default dict)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* The name of the account with an identifier. Given: root, id. */}}
{{- define "account" -}}
{{- $values := .root.Values.serviceAccount | default dict -}}
{{- if not (include "isBefore4" .root) -}}
  {{- include "nameOf" (dict "root" .root "section" "serviceAccount" "id" .id) -}}
{{- else if eq .id "default" -}}
  {{- /* Made elsewhere, it has its name all the same. */ -}}
  {{- if $values.name -}}
    {{- $values.name -}}
  {{- else if $values.create -}}
    {{- include "fullname" .root -}}
  {{- else -}}
    default
  {{- end -}}
{{- else if hasKey ($values.extraServiceAccounts | default dict) .id -}}
  {{- $item := get $values.extraServiceAccounts .id | default dict -}}
  {{- $item.name | default (printf "%s-%s" (include "fullname" .root) .id) -}}
{{- else -}}
  {{- printf "!no account %s" .id -}}
{{- end -}}
{{- end -}}

{{/* The account of a controller's pods. Given: root, item. */}}
{{- define "podAccount" -}}
{{- /* Controllers name an account since 3.5.0. */ -}}
{{- $own := semverCompare ">=3.5.0" .root.Version | ternary (.item.serviceAccount | default dict) dict -}}
{{- $values := .root.Values.serviceAccount | default dict -}}
{{- $accounts := .root.Accounts -}}
{{- if $own.identifier -}}
  {{- include "account" (dict "root" .root "id" $own.identifier) -}}
{{- else if $own.name -}}
  {{- $own.name -}}
{{- else if include "isBefore4" .root -}}
  {{- /* 3.5.0 does always what is a choice since 3.5.1. */ -}}
  {{- $enforces := or (eq .root.Version "3.5.0") (and (semverCompare ">=3.5.1" .root.Version) .root.Values.enforceServiceAccountCreation) -}}
  {{- if and $enforces (not $values.create) -}}
    default
  {{- else -}}
    {{- include "account" (dict "root" .root "id" "default") -}}
  {{- end -}}
{{- else if or (semverCompare "<4.1.0" .root.Version) (hasKey .item "serviceAccount") (eq (len $accounts) 0) -}}
  default
{{- else if eq (len $accounts) 1 -}}
  {{- /* The identifier, not the name: so it is until 5.0.1. */ -}}
  {{- keys $accounts | first -}}
{{- else -}}
  !several accounts
{{- end -}}
{{- end -}}
