{{/* oauth2-proxy as a native sidecar: it starts before the API and ends after it. Its flags are those of its documentation, v7. */}}
{{- define "inventory.auth-proxy" -}}
{{- with .Values.authProxy -}}
- name: auth-proxy
  restartPolicy: Always
  image: {{ printf "%s@%s" .image.repository .image.digest | quote }}
  imagePullPolicy: IfNotPresent
  args:
    - --provider=oidc
    - {{ printf "--oidc-issuer-url=%s" .issuerUrl | quote }}
    {{- if .caSecret.name }}
    - --provider-ca-file=/etc/inventory/issuer-ca/ca.crt
    {{- end }}
    - {{ printf "--client-id=%s" .clientId | quote }}
    - {{ printf "--scope=%s" .scopes | quote }}
    - --http-address=0.0.0.0:4180
    - --metrics-address=0.0.0.0:44180
    - --upstream=http://127.0.0.1:8080
    - --reverse-proxy=true
    {{- if $.Values.api.host }}
    - --redirect-url=https://{{ $.Values.api.host }}/oauth2/callback
    {{- end }}
    - --email-domain=*
    {{- range .allowedGroups }}
    - {{ printf "--allowed-group=%s" . | quote }}
    {{- end }}
    - --cookie-secure=true
    - --cookie-httponly=true
    - --cookie-samesite=lax
    # More often than an ID token lives: the API checks its end.
    - --cookie-refresh={{ .cookieRefresh }}
    - --skip-provider-button=true
    # The API verifies the ID token itself.
    - --pass-authorization-header=true
    # `curl` with a token of the same issuer; a wrong one is refused, not sent to a login page.
    - --skip-jwt-bearer-tokens=true
    - --bearer-token-login-fallback=false
    - --silence-ping-logging=true
  env:
    - name: OAUTH2_PROXY_CLIENT_SECRET
      valueFrom:
        secretKeyRef: { name: {{ .clientSecret.existingSecret | quote }}, key: {{ .clientSecret.key | quote }} }
    - name: OAUTH2_PROXY_COOKIE_SECRET
      valueFrom:
        secretKeyRef: { name: {{ .cookieSecret.existingSecret | quote }}, key: {{ .cookieSecret.key | quote }} }
  ports:
    - { name: proxy, containerPort: 4180, protocol: TCP }
    - { name: proxy-metrics, containerPort: 44180, protocol: TCP }
  startupProbe:
    httpGet: { path: /ping, port: proxy }
    periodSeconds: 2
    failureThreshold: 30
  readinessProbe:
    httpGet: { path: /ready, port: proxy }
    periodSeconds: 5
  livenessProbe:
    httpGet: { path: /ping, port: proxy }
    periodSeconds: 10
  resources:
    {{- toYaml .resources | nindent 4 }}
  {{- include "inventory.container-security" $ | nindent 2 }}
  {{- if .caSecret.name }}
  volumeMounts:
    {{- include "inventory.issuer-mount" (dict "root" $ "auth" $.Values.api.auth) | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}
