/*
 * What a certificate says. Whether a peer is trusted is decided in TypeScript,
 * from these facts; authority.c makes certificates.
 */
#include <string.h>

#include "connection.h"
#include "mbedtls/oid.h"
#include "mbedtls/sha256.h"
#include "mbedtls/x509_crt.h"

static double unix_ms(const mbedtls_x509_time *time) {
  /* Days from 1970-01-01 by the proleptic Gregorian calendar; years begin in March. */
  int year = time->year - (time->mon <= 2);
  int era = year / 400;
  int year_of_era = year - era * 400;
  int day_of_year = (153 * (time->mon + (time->mon > 2 ? -3 : 9)) + 2) / 5 + time->day - 1;
  int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  double days = (double)era * 146097 + day_of_era - 719468;
  return ((days * 24 + time->hour) * 60 + time->min) * 60e3 + time->sec * 1e3;
}

/* Exactly one alternative name, and that a URI: nothing else is guessed at. */
bool read_uri(const mbedtls_x509_sequence *names, char *out, size_t room) {
  if (names->next != NULL || names->buf.p == NULL) return false;
  mbedtls_x509_subject_alternative_name name;
  if (mbedtls_x509_parse_subject_alt_name(&names->buf, &name) != 0) return false;
  bool fits = name.type == MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER &&
              name.san.unstructured_name.len < room &&
              memchr(name.san.unstructured_name.p, 0, name.san.unstructured_name.len) == NULL;
  if (fits) {
    memcpy(out, name.san.unstructured_name.p, name.san.unstructured_name.len);
    out[name.san.unstructured_name.len] = 0;
  }
  mbedtls_x509_free_subject_alt_name(&name);
  return fits;
}

static bool has_usage(const mbedtls_x509_crt *certificate, const char *oid, size_t size) {
  for (const mbedtls_x509_sequence *each = &certificate->ext_key_usage; each != NULL;
       each = each->next)
    if (each->buf.len == size && memcmp(each->buf.p, oid, size) == 0) return true;
  return false;
}

bool read_peer_facts(const mbedtls_x509_crt *certificate, PeerFacts *facts) {
  memset(facts, 0, sizeof *facts);
  if (!read_uri(&certificate->subject_alt_names, facts->uri, sizeof facts->uri))
    facts->uri[0] = 0;
  facts->is_server =
      has_usage(certificate, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
  facts->is_client =
      has_usage(certificate, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
  facts->is_authority = mbedtls_x509_crt_get_ca_istrue(certificate) == 1;
  facts->not_after_ms = unix_ms(&certificate->valid_to);
  /* The SPKI as it stands in the certificate. */
  return mbedtls_sha256(certificate->pk_raw.p, certificate->pk_raw.len, facts->key_fingerprint,
                        0) == 0;
}

JSValue facts_to_object(JSContext *ctx, const PeerFacts *facts) {
  JSValue object = JS_NewObject(ctx);
  JS_SetPropertyStr(ctx, object, "uri", JS_NewString(ctx, facts->uri));
  JS_SetPropertyStr(ctx, object, "isIssued", JS_NewBool(ctx, facts->is_issued));
  JS_SetPropertyStr(ctx, object, "isAuthority", JS_NewBool(ctx, facts->is_authority));
  JS_SetPropertyStr(ctx, object, "isServer", JS_NewBool(ctx, facts->is_server));
  JS_SetPropertyStr(ctx, object, "isClient", JS_NewBool(ctx, facts->is_client));
  JS_SetPropertyStr(ctx, object, "notAfterMs", JS_NewFloat64(ctx, facts->not_after_ms));
  JS_SetPropertyStr(ctx, object, "keyFingerprint",
                    new_bytes(ctx, facts->key_fingerprint, sizeof facts->key_fingerprint));
  return object;
}

/* Parses PEM text; false for anything else. The terminating NUL counts for mbedTLS. */
bool parse_certificate(JSContext *ctx, JSValueConst value, mbedtls_x509_crt *out) {
  size_t size = 0;
  const char *pem = JS_ToCStringLen(ctx, &size, value);
  if (pem == NULL) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    return false;
  }
  int status = mbedtls_x509_crt_parse(out, (const uint8_t *)pem, size + 1);
  JS_FreeCString(ctx, pem);
  return status == 0 && out->next == NULL;
}

/* certificateFacts(pem): what it says; who signed it is not looked at. Null when it cannot be read. */
static JSValue call_facts(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  mbedtls_x509_crt certificate;
  mbedtls_x509_crt_init(&certificate);
  PeerFacts facts;
  uint8_t fingerprint[32];
  JSValue result = JS_NULL;
  if (parse_certificate(ctx, argv[0], &certificate) && read_peer_facts(&certificate, &facts) &&
      mbedtls_sha256(certificate.raw.p, certificate.raw.len, fingerprint, 0) == 0) {
    result = facts_to_object(ctx, &facts);
    JS_SetPropertyStr(ctx, result, "serial",
                      new_bytes(ctx, certificate.serial.p, certificate.serial.len));
    JS_SetPropertyStr(ctx, result, "spki",
                      new_bytes(ctx, certificate.pk_raw.p, certificate.pk_raw.len));
    JS_SetPropertyStr(ctx, result, "fingerprint", new_bytes(ctx, fingerprint, sizeof fingerprint));
  }
  mbedtls_x509_crt_free(&certificate);
  return result;
}

/* certificateIsIssuedBy(pem, authorityPem): by its signature and names. Dates are not looked at. */
static JSValue call_is_issued(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  mbedtls_x509_crt certificate;
  mbedtls_x509_crt authority;
  mbedtls_x509_crt_init(&certificate);
  mbedtls_x509_crt_init(&authority);
  bool is_issued = false;
  if (parse_certificate(ctx, argv[0], &certificate) &&
      parse_certificate(ctx, argv[1], &authority)) {
    uint32_t flags = 0;
    mbedtls_x509_crt_verify(&certificate, &authority, NULL, NULL, &flags, NULL, NULL);
    flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    is_issued = flags == 0;
  }
  mbedtls_x509_crt_free(&certificate);
  mbedtls_x509_crt_free(&authority);
  return JS_NewBool(ctx, is_issued);
}

static const HostFunction functions[] = {
    {"certificateFacts", 1, call_facts},
    {"certificateIsIssuedBy", 2, call_is_issued},
};

void add_certificates(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
