{{/*
docs/app-template.md#names. What is passed around:
  root     what a chart calls $: Release, Values; Version, which is a tag, or "4.0" or "4.1" for the first of them; Accounts, and Items by section
  an item  a dict of root, section (keys to the map), id and item (the entry itself)
*/}}

{{/* Whether a version is 2.x or 3.x. "true" or nothing. */}}
{{- define "isBefore4" -}}
{{- if semverCompare "<4.0.0" .Version -}}true{{- end -}}
{{- end -}}

{{/* Whether a version is 2.x. "true" or nothing. */}}
{{- define "is2" -}}
{{- if semverCompare "<3.0.0" .Version -}}true{{- end -}}
{{- end -}}

{{/* The first 63 characters, then one trailing "-" removed. */}}
{{- define "t63" -}}
{{- . | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "fullname" -}}
{{- $global := .Values.global | default dict -}}
{{- $full := $global.fullnameOverride | default .Values.fullnameOverride -}}
{{- if $full -}}
  {{- include "t63" $full -}}
{{- else -}}
  {{- $name := include "t63" ($global.nameOverride | default .Release.Name) -}}
  {{- if contains $name .Release.Name -}}
    {{- include "t63" .Release.Name -}}
  {{- else -}}
    {{- include "t63" (printf "%s-%s" .Release.Name $name) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether an entry is enabled: `enabled` is absent or true. "true" or nothing. */}}
{{- define "enabled" -}}
{{- if kindIs "map" . -}}
  {{- if or (not (hasKey . "enabled")) .enabled -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether an entry of persistence is a claim that the chart makes. */}}
{{- define "claim" -}}
{{- if and (include "enabled" .) (eq (.type | default "persistentVolumeClaim") "persistentVolumeClaim") (not .existingClaim) -}}true{{- end -}}
{{- end -}}

{{/*
The entries of a section that become objects, by identifier. Given: root, section.
Claims are those that the chart makes; secrets have the tokens of accounts among them.
*/}}
{{- define "items" -}}
{{- $root := .root -}}
{{- $all := dict -}}
{{- $here := $root.Values -}}
{{- range splitList "." .section -}}
  {{- $here = get $here . | default dict -}}
{{- end -}}
{{- if eq .section "serviceAccount" -}}
  {{- $here = $root.Accounts -}}
{{- end -}}
{{- /* What a version does not read. */ -}}
{{- $since := get (dict "rawResources" "3.3.0" "rbac.roles" "3.5.0" "rbac.bindings" "3.5.0") .section | default "2.0.0" -}}
{{- if not (semverCompare (printf ">=%s" $since) $root.Version) -}}
  {{- $here = dict -}}
{{- end -}}
{{- $test := eq .section "persistence" | ternary "claim" "enabled" -}}
{{- range $id, $item := $here -}}
  {{- if include $test $item -}}
    {{- $_ := set $all $id $item -}}
  {{- end -}}
{{- end -}}
{{- if eq .section "secrets" -}}
  {{- /* The extra accounts come last: one called `default` takes the token of `serviceAccount` itself. */ -}}
  {{- range $id, $account := $root.Accounts -}}
    {{- $of := include "name" (dict "root" $root "section" "serviceAccount" "id" $id "item" $account) -}}
    {{- $token := printf "%s-sa-token" ($account.id | default $id) -}}
    {{- if not (semverCompare ">=3.5.0" $root.Version) -}}{{- $token = "sa-token" -}}{{- end -}}
    {{- if include "isBefore4" $root -}}
      {{- $_ := set $all $token (dict "tokenOf" $of) -}}
    {{- else if $account.staticToken -}}
      {{- $_ := set $all $token (dict "tokenOf" $of "suffix" $token) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* The name of an item, in its version. */}}
{{- define "name" -}}
{{- if eq .section "serviceAccount" -}}
  {{- include (include "isBefore4" .root | empty | ternary "name.v4" "name.v3.account") . -}}
{{- else if not (include "isBefore4" .root) -}}
  {{- include "name.v4" . -}}
{{- else if has .section (list "controllers" "ingress" "serviceMonitor" "networkpolicies" "service" "route") -}}
  {{- include "name.v3.counted" . -}}
{{- else if eq .section "persistence" -}}
  {{- include "name.v3.claim" . -}}
{{- else -}}
  {{- include "name.v3.suffixed" . -}}
{{- end -}}
{{- end -}}

{{/* The full name with a text behind it. 2.x, 3.0.0 and 3.0.1 do not look whether the two are the same. Given: root, text. */}}
{{- define "behind" -}}
{{- $full := include "fullname" .root -}}
{{- and (eq .text $full) (semverCompare ">=3.0.2" .root.Version) | ternary $full (printf "%s-%s" $full .text) -}}
{{- end -}}

{{/* `nameOverride`, which 2.x, 3.0.0 and 3.0.1 do not render. */}}
{{- define "overridden" -}}
{{- $name := .item.nameOverride | default "" -}}
{{- semverCompare ">=3.0.2" .root.Version | ternary (tpl $name .root) $name -}}
{{- end -}}

{{/* 3.x, rows A and B: the identifier behind it only where there are several, and in B not behind the primary one. */}}
{{- define "name.v3.counted" -}}
{{- $full := include "fullname" .root -}}
{{- if .item.nameOverride -}}
  {{- include "behind" (dict "root" .root "text" (include "overridden" .)) -}}
{{- else if and (eq .section "route") (ne .root.Version "3.7.3") -}}
  {{- include "name.v3.route" . -}}
{{- else if include "is2" .root -}}
  {{- /* However many there are: a Service by `primary`, all others by their identifier. */ -}}
  {{- $isFull := eq .section "service" | ternary (default false .item.primary) (eq .id "main") -}}
  {{- $isFull | ternary $full (include "behind" (dict "root" .root "text" .id)) -}}
{{- else -}}
  {{- $isPrimary := and (has .section (list "service" "route")) .item.primary -}}
  {{- $count := get .root.Items .section | len -}}
  {{- if and (eq .section "networkpolicies") (not (semverCompare ">=3.2.0" .root.Version)) -}}
    {{- /* 3.0 and 3.1 count another key. */ -}}
    {{- $count = 0 -}}
    {{- range .root.Values.networkPolicy -}}
      {{- if include "enabled" . -}}{{- $count = add1 $count -}}{{- end -}}
    {{- end -}}
  {{- end -}}
  {{- and (gt (int $count) 1) (not $isPrimary) | ternary (include "behind" (dict "root" .root "text" .id)) $full -}}
{{- end -}}
{{- end -}}

{{/*
Before 3.7.3, routes: the identifier behind all but the primary one, which is the only one that says `enabled: true`. Of several
it is one at random; here the name says which there may be, so that a render is always the same.
*/}}
{{- define "name.v3.route" -}}
{{- $full := include "fullname" .root -}}
{{- $behind := include "behind" (dict "root" .root "text" .id) -}}
{{- $all := list -}}
{{- $primary := "" -}}
{{- range $id, $item := get .root.Items "route" -}}
  {{- if $item.enabled -}}
    {{- $all = append $all $id -}}
    {{- if $item.primary -}}{{- $primary = $id -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- if and (eq $primary "") (eq (len $all) 1) -}}{{- $primary = first $all -}}{{- end -}}
{{- if or (eq $behind $full) (eq $primary .id) -}}
  {{- $full -}}
{{- else if and (eq $primary "") (has .id $all) -}}
  {{- printf "%s or %s" $full $behind -}}
{{- else -}}
  {{- $behind -}}
{{- end -}}
{{- end -}}

{{/* 3.x, row C: the identifier always behind it. `forceRename` counts since 3.5.0. */}}
{{- define "name.v3.suffixed" -}}
{{- if and .item.forceRename (semverCompare ">=3.5.0" .root.Version) -}}
  {{- tpl .item.forceRename .root -}}
{{- else -}}
  {{- include "behind" (dict "root" .root "text" (include "overridden" . | default .id)) -}}
{{- end -}}
{{- end -}}

{{/* 3.x, row D: claims. `nameOverride` is neither rendered nor compared, and "-" means none. */}}
{{- define "name.v3.claim" -}}
{{- $full := include "fullname" .root -}}
{{- if eq (.item.nameOverride | default "") "-" -}}
  {{- $full -}}
{{- else if .item.nameOverride -}}
  {{- printf "%s-%s" $full .item.nameOverride -}}
{{- else -}}
  {{- include "behind" (dict "root" .root "text" .id) -}}
{{- end -}}
{{- end -}}

{{/* 3.x, row E: accounts. What is called `default` has the full name, also as an extra account. */}}
{{- define "name.v3.account" -}}
{{- $full := include "fullname" .root -}}
{{- .item.name | default (eq .item.id "default" | ternary $full (printf "%s-%s" $full .item.id)) -}}
{{- end -}}

{{/* 4.x: one rule for all. */}}
{{- define "name.v4" -}}
{{- if .item.forceRename -}}
  {{- tpl .item.forceRename .root | lower -}}
{{- else -}}
  {{- $name := include "fullname" .root -}}
  {{- if .item.prefix -}}
    {{- $prefix := tpl .item.prefix .root -}}
    {{- if ne $prefix $name -}}{{- $name = printf "%s-%s" $prefix $name -}}{{- end -}}
  {{- end -}}
  {{- $isOld := semverCompare "<4.1.0" .root.Version -}}
  {{- $always := and (not $isOld) (.root.Values.global | default dict).alwaysAppendIdentifierToResourceName -}}
  {{- if or $always (gt (get .root.Items .section | len) 1) -}}
    {{- /* 4.0 does not look whether the identifier is the name itself. */ -}}
    {{- $isThere := or (hasSuffix (printf "-%s" .id) $name) (and (not $isOld) (eq $name .id)) -}}
    {{- if not $isThere -}}{{- $name = printf "%s-%s" $name .id -}}{{- end -}}
  {{- end -}}
  {{- if .item.suffix -}}
    {{- $suffix := tpl .item.suffix .root -}}
    {{- if not (hasSuffix (printf "-%s" $suffix) $name) -}}{{- $name = printf "%s-%s" $name $suffix -}}{{- end -}}
  {{- end -}}
  {{- lower $name -}}
{{- end -}}
{{- end -}}

{{/*
The name of the item with an identifier, for those that look it up. Given: root, section, id.
Where there is none the chart fails; here the name says so, so that the other releases are rendered all the same.
*/}}
{{- define "nameOf" -}}
{{- $items := get .root.Items .section -}}
{{- if hasKey $items .id -}}
  {{- include "name" (dict "root" .root "section" .section "id" .id "item" (get $items .id)) -}}
{{- else -}}
  {{- printf "!no %s in %s" .id .section -}}
{{- end -}}
{{- end -}}
