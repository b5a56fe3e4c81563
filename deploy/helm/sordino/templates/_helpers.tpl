{{/* Name of everything, from the release's. */}}
{{- define "sordino.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What pods are found by. Takes (dict "root" $ "component" "worker"). */}}
{{- define "sordino.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "sordino.labels" -}}
{{ include "sordino.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "sordino.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
A pod's spec. Takes root, component, args, settings (values of the component), and optionally ports (true: it answers on
the metrics port), restartPolicy, grace (seconds), env, secret (name and items, mounted for this component alone).
*/}}
{{- define "sordino.podSpec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "sordino.fullname" .root }}-{{ .component }}
# The role's token is mounted by itself; nothing here talks to the cluster's API.
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
{{- with .grace }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
containers:
  - name: sordino
    image: {{ include "sordino.image" .root }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args:
      {{- if $values.config }}
      - --config=/etc/sordino/sordino.toml
      {{- end }}
      {{- range .args }}
      - {{ . | quote }}
      {{- end }}
    env:
      {{- if ne .component "server" }}
      - name: SORDINO_CALL_ID_KEY_FILE
        value: /run/secrets/sordino/call-id-key
      {{- end }}
      {{- with .settings.jobs }}
      - name: SORDINO_JOBS
        value: {{ . | quote }}
      {{- end }}
      {{- range $name, $value := .env }}
      - name: {{ $name }}
        value: {{ $value | quote }}
      {{- end }}
      - name: AWS_REGION
        value: {{ required "aws.region: the region of the buckets and the queue" $values.aws.region | quote }}
      {{- with $values.aws.endpointUrl }}
      - name: AWS_ENDPOINT_URL
        value: {{ . | quote }}
      {{- end }}
      {{- with $values.env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- if .ports }}
    ports:
      - { name: http, containerPort: 9464, protocol: TCP }
    livenessProbe:
      httpGet: { path: /healthz, port: http }
      periodSeconds: 10
      failureThreshold: 6
    readinessProbe:
      httpGet: { path: /readyz, port: http }
      periodSeconds: 5
    {{- end }}
    resources: {{ toYaml .settings.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      {{- if ne .component "server" }}
      - { name: call-id-key, mountPath: /run/secrets/sordino, readOnly: true }
      {{- end }}
      {{- if or $values.config $values.configFiles }}
      - { name: config, mountPath: /etc/sordino, readOnly: true }
      {{- end }}
      {{- if .secret }}
      - { name: own-secret, mountPath: /run/secrets/sordino-{{ .component }}, readOnly: true }
      {{- end }}
      - { name: scratch, mountPath: /tmp }
volumes:
  {{- if ne .component "server" }}
  - name: call-id-key
    secret:
      secretName: {{ required "callIdKey.secretName: workers must agree on the key of call ids" $values.callIdKey.secretName }}
      defaultMode: 0440
      items:
        - { key: {{ $values.callIdKey.secretKey }}, path: call-id-key }
  {{- end }}
  {{- if or $values.config $values.configFiles }}
  - name: config
    configMap:
      name: {{ include "sordino.fullname" .root }}
  {{- end }}
  {{- with .secret }}
  - name: own-secret
    secret:
      secretName: {{ .name }}
      defaultMode: 0440
      items: {{ toYaml .items | nindent 8 }}
  {{- end }}
  - name: scratch
    emptyDir:
      sizeLimit: {{ .settings.scratch | default "1Gi" }}
{{- end -}}

{{/*
How a job's end is read (README, exit codes): 2 is a mistake in the configuration and 3 means that calls are held. Neither
is better the next time, so neither is tried again; a node that goes away does not count. Takes the action for both.
*/}}
{{- define "sordino.podFailurePolicy" -}}
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions: [{ type: DisruptionTarget, status: "True" }]
    - action: {{ . }}
      onExitCodes: { containerName: sordino, operator: In, values: [2, 3] }
{{- end -}}
