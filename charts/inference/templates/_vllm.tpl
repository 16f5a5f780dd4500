{{/* The model server: its version, arguments, environment and times. All take a model's settings. */}}

{{- define "inference.vllmVersion" -}}
{{- default (regexFind "^v?[0-9]+[.][0-9]+[.][0-9]+" .image.tag) .vllm.version | trimPrefix "v" -}}
{{- end -}}

{{/* "true" if the server's version is known and not older than `since`; takes settings and since. */}}
{{- define "inference.vllmSince" -}}
{{- $version := include "inference.vllmVersion" .settings -}}
{{- if $version }}{{ if semverCompare (printf ">=%s" .since) $version }}true{{ end }}{{ end -}}
{{- end -}}

{{/* Where the server finds the model. The slash keeps a prefix from matching its longer neighbours. */}}
{{- define "inference.modelPath" -}}
{{- if eq .loader.mode "stream" }}{{ trimSuffix "/" .model }}/{{ else }}/models/{{ .key }}{{ end -}}
{{- end -}}

{{- define "inference.vllmArgs" -}}
- {{ include "inference.modelPath" . }}
- --served-model-name={{ .modelName }}
- --port=8000
- --tensor-parallel-size={{ int .gpus }}
- --max-model-len={{ int .maxModelLen }}
- --max-num-seqs={{ int .maxNumSeqs }}
{{- with .vllm.gpuMemoryUtilization }}
- --gpu-memory-utilization={{ . }}
{{- end }}
{{- with .toolCallParser }}
- --enable-auto-tool-choice
- --tool-call-parser={{ . }}
{{- end }}
{{- with .reasoningParser }}
- --reasoning-parser={{ . }}
{{- end }}
{{- if eq .loader.mode "stream" }}
- --load-format=runai_streamer
{{- end }}
{{- if include "inference.vllmSince" (dict "settings" . "since" "0.16.0") }}
- --disable-access-log-for-endpoints=/health,/metrics,/ping
{{- end }}
{{- if include "inference.vllmSince" (dict "settings" . "since" "0.18.0") }}
- --shutdown-timeout={{ int .drain.shutdownSeconds }}
{{- end }}
{{- if include "inference.vllmSince" (dict "settings" . "since" "0.29.0") }}
{{- with int .vllm.sseKeepAliveSeconds }}
- --sse-keep-alive-interval={{ . }}
{{- end }}
{{- with int .vllm.maxQueuedRequests }}
- --max-num-queued-reqs={{ . }}
{{- end }}
{{- end }}
{{- range .extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Seconds between the server's start and its first answer. */}}
{{- define "inference.startupSeconds" -}}
{{- add .startup.loadSeconds (ternary .startup.downloadSeconds 0 (eq .loader.mode "stream")) -}}
{{- end -}}

{{- define "inference.graceSeconds" -}}
{{- add .drain.preStopSeconds .drain.shutdownSeconds 15 -}}
{{- end -}}

{{/*
Plain environment of the server; takes settings and root. The user's own values come last.
USER is set because PyTorch asks for the name of the user, and the image knows none for this user ID.
*/}}
{{- define "inference.vllmEnv" -}}
{{- $settings := .settings -}}
{{- $env := dict
  "HOME" "/cache"
  "USER" "inference"
  "LOGNAME" "inference"
  "VLLM_CACHE_ROOT" "/cache/vllm"
  "TORCHINDUCTOR_CACHE_DIR" "/cache/torchinductor"
  "TRITON_CACHE_DIR" "/cache/triton"
  "HF_HOME" "/cache/huggingface"
  "HF_HUB_OFFLINE" "1"
  "VLLM_NO_USAGE_STATS" "1"
  "VLLM_DO_NOT_TRACK" "1"
  "VLLM_LOGGING_LEVEL" $settings.vllm.logLevel
  "VLLM_HTTP_TIMEOUT_KEEP_ALIVE" (add (include "inference.idleTimeoutSeconds" .root) 30 | toString)
  "VLLM_ENGINE_READY_TIMEOUT_S" (include "inference.startupSeconds" $settings)
-}}
{{- if eq $settings.loader.mode "stream" -}}
{{- /* The streamer's buffer is 40 GB per process unless told otherwise: all of them get 40 % of the pod's memory. */ -}}
{{- $memory := include "inference.bytes" $settings.resources.limits.memory -}}
{{- $_ := set $env "RUNAI_STREAMER_MEMORY_LIMIT" (div (mul $memory 2) (mul 5 $settings.gpus) | toString) -}}
{{- $_ := set $env "RUNAI_STREAMER_CONCURRENCY" (toString $settings.loader.concurrency) -}}
{{- end -}}
{{- range $name, $value := mergeOverwrite $env $settings.env }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}
