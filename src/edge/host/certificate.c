/*
 * What a certificate says, and the making of keys and requests. Whether a peer
 * is trusted is decided in TypeScript, from these facts.
 */
#include <string.h>
#include <time.h>

#include "connection.h"
#include "mbedtls/oid.h"
#include "mbedtls/pk.h"
#include "mbedtls/sha256.h"
#include "mbedtls/x509_crt.h"
#include "mbedtls/x509_csr.h"
#include "psa/crypto.h"

enum { spki_bytes_max = 256, pem_bytes_max = 2048 };

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
static bool read_uri(const mbedtls_x509_crt *certificate, char *out, size_t room) {
  const mbedtls_x509_sequence *names = &certificate->subject_alt_names;
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
  if (!read_uri(certificate, facts->uri, sizeof facts->uri)) return false;
  facts->is_server =
      has_usage(certificate, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
  facts->is_client =
      has_usage(certificate, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
  facts->not_after_ms = unix_ms(&certificate->valid_to);
  /* The SPKI as it stands in the certificate. */
  return mbedtls_sha256(certificate->pk_raw.p, certificate->pk_raw.len, facts->key_fingerprint,
                        0) == 0;
}

JSValue facts_to_object(JSContext *ctx, const PeerFacts *facts) {
  JSValue object = JS_NewObject(ctx);
  JS_SetPropertyStr(ctx, object, "uri", JS_NewString(ctx, facts->uri));
  JS_SetPropertyStr(ctx, object, "isServer", JS_NewBool(ctx, facts->is_server));
  JS_SetPropertyStr(ctx, object, "isClient", JS_NewBool(ctx, facts->is_client));
  JS_SetPropertyStr(ctx, object, "notAfterMs", JS_NewFloat64(ctx, facts->not_after_ms));
  JS_SetPropertyStr(ctx, object, "keyFingerprint",
                    new_bytes(ctx, facts->key_fingerprint, sizeof facts->key_fingerprint));
  return object;
}

/* Parses PEM text; false for anything else. The terminating NUL counts for mbedTLS. */
static bool parse_pem(JSContext *ctx, JSValueConst value, mbedtls_x509_crt *out) {
  size_t size = 0;
  const char *pem = JS_ToCStringLen(ctx, &size, value);
  if (pem == NULL) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    return false;
  }
  int status = mbedtls_x509_crt_parse(out, (const uint8_t *)pem, size + 1);
  JS_FreeCString(ctx, pem);
  return status == 0;
}

/*
 * certificateFacts(pem, authorityPem): what it says, and `isIssued`: the authority
 * signed it, and it is no CA itself. Dates are not looked at. Null when it cannot be read.
 */
static JSValue call_facts(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  mbedtls_x509_crt certificate;
  mbedtls_x509_crt authority;
  mbedtls_x509_crt_init(&certificate);
  mbedtls_x509_crt_init(&authority);
  PeerFacts facts;
  JSValue result = JS_NULL;
  if (parse_pem(ctx, argv[0], &certificate) && parse_pem(ctx, argv[1], &authority) &&
      read_peer_facts(&certificate, &facts)) {
    uint32_t flags = 0;
    mbedtls_x509_crt_verify(&certificate, &authority, NULL, NULL, &flags, NULL, NULL);
    flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    result = facts_to_object(ctx, &facts);
    bool is_issued = flags == 0 && mbedtls_x509_crt_get_ca_istrue(&certificate) != 1;
    JS_SetPropertyStr(ctx, result, "isIssued", JS_NewBool(ctx, is_issued));
    JS_SetPropertyStr(ctx, result, "serial",
                      new_bytes(ctx, certificate.serial.p, certificate.serial.len));
  }
  mbedtls_x509_crt_free(&certificate);
  mbedtls_x509_crt_free(&authority);
  return result;
}

static int generate(mbedtls_pk_context *key) {
  int status = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
  if (status != 0) return status;
  return mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
                             fill_random, NULL);
}

static int write_request(mbedtls_pk_context *key, const char *subject, const char *uri,
                         uint8_t *pem) {
  mbedtls_x509write_csr request;
  mbedtls_x509write_csr_init(&request);
  mbedtls_x509_san_list names;
  memset(&names, 0, sizeof names);
  names.node.type = MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER;
  names.node.san.unstructured_name.p = (uint8_t *)(uintptr_t)uri;
  names.node.san.unstructured_name.len = strlen(uri);
  mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
  mbedtls_x509write_csr_set_key(&request, key);
  int status = mbedtls_x509write_csr_set_subject_name(&request, subject);
  if (status == 0) status = mbedtls_x509write_csr_set_subject_alternative_name(&request, &names);
  if (status == 0)
    status = mbedtls_x509write_csr_pem(&request, pem, pem_bytes_max, fill_random,
                                       NULL);
  mbedtls_x509write_csr_free(&request);
  return status;
}

/* makeIdentity(subject, uri): { keyPem, csrPem }, a fresh P-256 key and a request for it. */
static JSValue call_make(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *subject = get_path(ctx, argv[0]);
  if (subject == NULL) return JS_EXCEPTION;
  const char *uri = get_path(ctx, argv[1]);
  JSValue result = JS_EXCEPTION;
  if (uri != NULL) {
    uint8_t key_pem[pem_bytes_max];
    uint8_t csr_pem[pem_bytes_max];
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int status = generate(&key);
    if (status == 0) status = mbedtls_pk_write_key_pem(&key, key_pem, sizeof key_pem);
    if (status == 0) status = write_request(&key, subject, uri, csr_pem);
    mbedtls_pk_free(&key);
    if (status != 0) {
      JS_ThrowInternalError(ctx, "making a key: -0x%04x", (unsigned)-status);
    } else {
      result = JS_NewObject(ctx);
      JS_SetPropertyStr(ctx, result, "keyPem", JS_NewString(ctx, (const char *)key_pem));
      JS_SetPropertyStr(ctx, result, "csrPem", JS_NewString(ctx, (const char *)csr_pem));
    }
    memset(key_pem, 0, sizeof key_pem);
    JS_FreeCString(ctx, uri);
  }
  JS_FreeCString(ctx, subject);
  return result;
}

static const HostFunction functions[] = {
    {"certificateFacts", 2, call_facts},
    {"makeIdentity", 2, call_make},
};

void add_certificates(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
