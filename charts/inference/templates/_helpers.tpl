{{/* Names, labels and images: what every object of the chart shares. */}}

{{- define "inference.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- end -}}

{{- define "inference.serviceAccountName" -}}
{{- $default := ternary (include "inference.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $default .Values.serviceAccount.name -}}
{{- end -}}

{{/* Labels that select the pods of one component; takes root, component and, for a model, key. */}}
{{- define "inference.selectorLabels" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .key }}
inference-plane/model: {{ . }}
{{- end }}
{{- end -}}

{{- define "inference.labels" -}}
{{ include "inference.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/*
Takes an image section: registry, name, tag, digest. Without a name it is the public image, or, in a registry of
one's own, the name under which the bundle keeps its server.
*/}}
{{- define "inference.image" -}}
{{- .registry }}/{{ default (ternary "vllm/vllm-openai" "atlas" (eq .registry "docker.io")) .name }}
{{- with .tag }}:{{ . }}{{ end }}
{{- with .digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* The load balancer's idle timeout: what an annotation says of it goes before the value. */}}
{{- define "inference.idleTimeoutSeconds" -}}
{{- $attributes := get .Values.ingress.annotations "alb.ingress.kubernetes.io/load-balancer-attributes" | default "" -}}
{{- regexFind "idle_timeout[.]timeout_seconds=[0-9]+" $attributes | trimPrefix "idle_timeout.timeout_seconds=" | default .Values.ingress.idleTimeoutSeconds | int -}}
{{- end -}}

{{/* A Kubernetes quantity of memory or storage in bytes; whole numbers only, as the schema demands. */}}
{{- define "inference.bytes" -}}
{{- $units := dict "" 1 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- mul (regexFind "^[0-9]+" .) (get $units (regexFind "[A-Za-z]*$" .)) -}}
{{- end -}}

{{/*
Everything that is true of one model, as YAML: the chart's values, overridden by its modelType's preset,
overridden by the model. Lists are replaced, except extraArgs, which add up. Takes root and key.
*/}}
{{- define "inference.settings" -}}
{{- $model := get .root.Values.models .key -}}
{{- $preset := get .root.Values.modelTypes $model.modelType -}}
{{- $shared := pick .root.Values "image" "vllm" "loader" "modelCache" "sharedMemory" "startup" "drain" "resourcesPerGpu" "tolerations" "nodeSelector" "affinity" "priorityClassName" "runtimeClassName" "podAnnotations" "podLabels" -}}
{{- $settings := mergeOverwrite (dict "key" .key "replicas" 1 "env" dict) (deepCopy $shared) (deepCopy $preset) (deepCopy $model) -}}
{{- $_ := set $settings "name" (printf "%s-%s" (include "inference.fullname" .root) .key) -}}
{{- $_ := set $settings "env" (mergeOverwrite (deepCopy (default dict $settings.vllm.env)) $settings.env) -}}
{{- $_ := set $settings "extraArgs" (concat (default list $settings.vllm.extraArgs) (default list $preset.extraArgs) (default list $model.extraArgs)) -}}
{{- $_ := set $settings "resources" (fromYaml (include "inference.resources" (dict "settings" $settings "given" (default dict $model.resources)))) -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* Requests and limits of the server's container; the number of GPUs has one home, `gpus`. */}}
{{- define "inference.resources" -}}
{{- $gpus := int .settings.gpus -}}
{{- $per := .settings.resourcesPerGpu -}}
{{- $memory := printf "%d%s" (mul $gpus (regexFind "^[0-9]+" $per.memory)) (regexFind "[A-Za-z]*$" $per.memory) -}}
{{- $requests := dict "cpu" (toString (mul $gpus $per.cpu)) "memory" $memory -}}
{{- with .settings.modelCache.sizeLimit -}}
{{- /* The scheduler then knows what the checkpoint takes of the node's disk. */ -}}
{{- if not $.settings.modelCache.volume }}{{ $_ := set $requests "ephemeral-storage" . }}{{ end -}}
{{- end -}}
{{- $gpu := dict "nvidia.com/gpu" (toString $gpus) -}}
requests: {{ mergeOverwrite $requests (default dict .given.requests) $gpu | toYaml | nindent 2 }}
limits: {{ mergeOverwrite (dict "memory" (default $memory (dig "requests" "memory" "" .given))) (default dict .given.limits) $gpu | toYaml | nindent 2 }}
{{- end -}}
