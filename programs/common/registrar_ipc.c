#include "common/registrar_ipc.h"

void registrar_message_wipe(struct registrar_message *m)
{
    pse_wipe(m, sizeof *m);
}

static void put_long(struct pse_buf *b, struct pse_span x)
{
    pse_wr_u32(b, (uint32_t)x.n);
    pse_wr_span(b, x);
}

static pse_rc take_long(struct pse_span *out, struct pse_rd *r)
{
    uint32_t n;

    PSE_TRY(pse_rd_u32(&n, r));
    if (n > REGISTRAR_BOND_MAX)
        return PSE_E_RANGE;
    return pse_rd_bytes(out, r, n);
}

void registrar_put(struct pse_buf *b, const struct registrar_message *m)
{
    if (m->kind > REGISTRAR_ANSWER)
        pse_wr_u8(b, m->code);
    switch (m->kind) {
    case REGISTRAR_BEGIN:
        pse_buf_put(b, m->browser, 32);
        pse_wr_v16(b, m->mail);
        pse_wr_v16(b, m->prefix);
        break;
    case REGISTRAR_BEGIN + REGISTRAR_ANSWER:
        pse_wr_u8(b, m->known);
        pse_wr_u32(b, m->retry);
        pse_buf_put(b, m->token, 32);
        break;
    case REGISTRAR_COMPLETE:
        pse_buf_put(b, m->token, 32);
        pse_buf_put(b, m->browser, 32);
        break;
    case REGISTRAR_COMPLETE + REGISTRAR_ANSWER: pse_wr_u64(b, m->person); break;
    case REGISTRAR_REGISTER:
        pse_wr_u64(b, m->person);
        pse_wr_u8(b, m->form);
        pse_wr_u8(b, m->replace);
        pse_wr_hash(b, &m->nonce);
        pse_wr_v16(b, m->statement);
        pse_buf_put(b, m->credential.b, 32);
        pse_buf_put(b, m->proof, PSE_POK_SIZE);
        break;
    case REGISTRAR_REGISTER + REGISTRAR_ANSWER: pse_wr_u8(b, m->refusal); break;
    case REGISTRAR_STATE:
        pse_wr_u64(b, m->person);
        pse_buf_put(b, m->credential.b, 32);
        break;
    case REGISTRAR_STATE + REGISTRAR_ANSWER:
        pse_wr_u8(b, m->state);
        pse_wr_u64(b, m->index);
        pse_wr_hash(b, &m->leaf);
        break;
    case REGISTRAR_IDENTIFY: pse_wr_v16(b, m->subject); break;
    case REGISTRAR_IDENTIFY + REGISTRAR_ANSWER: pse_wr_u64(b, m->person); break;
    case REGISTRAR_BOND:
        pse_wr_u64(b, m->person);
        pse_wr_u8(b, m->replace);
        pse_wr_hash(b, &m->nonce);
        pse_buf_put(b, m->credential.b, 32);
        put_long(b, m->bond);
        break;
    case REGISTRAR_PENDING: pse_wr_u64(b, m->after); break;
    case REGISTRAR_PENDING + REGISTRAR_ANSWER:
        pse_wr_u64(b, m->row);
        put_long(b, m->bond);
        break;
    case REGISTRAR_QUALIFY:
        pse_wr_u64(b, m->row);
        pse_wr_u64(b, m->judged);
        pse_wr_v8(b, m->answer_nonce);
        put_long(b, m->answer);
        break;
    case REGISTRAR_BOND + REGISTRAR_ANSWER:
    case REGISTRAR_QUALIFY + REGISTRAR_ANSWER:
        pse_wr_u8(b, m->refusal);
        pse_wr_v8(b, m->why);
        break;
    default: PSE_REQUIRE(false); /* a kind of message */
    }
}

static pse_rc parse_register(struct registrar_message *m, struct pse_rd *r)
{
    PSE_TRY(pse_rd_u64(&m->person, r));
    PSE_TRY(pse_rd_u8(&m->form, r));
    PSE_TRY(pse_rd_u8(&m->replace, r));
    PSE_TRY(pse_rd_hash(&m->nonce, r));
    PSE_TRY(pse_rd_v16(&m->statement, r));
    PSE_TRY(pse_rd_copy(m->credential.b, r, 32));
    PSE_TRY(pse_rd_copy(m->proof, r, PSE_POK_SIZE));
    if (m->form < REGISTRAR_CARD || m->form > REGISTRAR_STATEMENT || m->replace > 1 ||
        m->statement.n > REGISTRAR_STATEMENT_MAX ||
        (m->form == REGISTRAR_CARD) != (m->statement.n == 0))
        return PSE_E_RANGE;
    return PSE_OK;
}

static pse_rc parse_bond(struct registrar_message *m, struct pse_rd *r)
{
    PSE_TRY(pse_rd_u64(&m->person, r));
    PSE_TRY(pse_rd_u8(&m->replace, r));
    PSE_TRY(pse_rd_hash(&m->nonce, r));
    PSE_TRY(pse_rd_copy(m->credential.b, r, 32));
    PSE_TRY(take_long(&m->bond, r));
    return m->replace > 1 ? PSE_E_RANGE : PSE_OK;
}

static pse_rc parse_qualify(struct registrar_message *m, struct pse_rd *r)
{
    PSE_TRY(pse_rd_u64(&m->row, r));
    PSE_TRY(pse_rd_u64(&m->judged, r));
    PSE_TRY(pse_rd_v8(&m->answer_nonce, r));
    return take_long(&m->answer, r);
}

static pse_rc parse_request(struct registrar_message *m, struct pse_rd *r)
{
    switch (m->kind) {
    case REGISTRAR_BEGIN:
        PSE_TRY(pse_rd_copy(m->browser, r, 32));
        PSE_TRY(pse_rd_v16(&m->mail, r));
        PSE_TRY(pse_rd_v16(&m->prefix, r));
        return m->mail.n > REGISTRAR_MAIL_MAX || m->prefix.n > 64 ? PSE_E_RANGE : PSE_OK;
    case REGISTRAR_COMPLETE:
        PSE_TRY(pse_rd_copy(m->token, r, 32));
        return pse_rd_copy(m->browser, r, 32);
    case REGISTRAR_REGISTER: return parse_register(m, r);
    case REGISTRAR_STATE:
        PSE_TRY(pse_rd_u64(&m->person, r));
        return pse_rd_copy(m->credential.b, r, 32);
    case REGISTRAR_IDENTIFY: return pse_rd_v16(&m->subject, r);
    case REGISTRAR_BOND: return parse_bond(m, r);
    case REGISTRAR_PENDING: return pse_rd_u64(&m->after, r);
    case REGISTRAR_QUALIFY: return parse_qualify(m, r);
    default: return PSE_E_UNSUPPORTED;
    }
}

static pse_rc parse_answer(struct registrar_message *m, struct pse_rd *r)
{
    PSE_TRY(pse_rd_u8(&m->code, r));
    if (m->code >= REGISTRAR_CODES)
        return PSE_E_RANGE;
    switch (m->kind - REGISTRAR_ANSWER) {
    case REGISTRAR_BEGIN:
        PSE_TRY(pse_rd_u8(&m->known, r));
        PSE_TRY(pse_rd_u32(&m->retry, r));
        return pse_rd_copy(m->token, r, 32);
    case REGISTRAR_COMPLETE:
    case REGISTRAR_IDENTIFY: return pse_rd_u64(&m->person, r);
    case REGISTRAR_REGISTER: return pse_rd_u8(&m->refusal, r);
    case REGISTRAR_BOND:
    case REGISTRAR_QUALIFY:
        PSE_TRY(pse_rd_u8(&m->refusal, r));
        PSE_TRY(pse_rd_v8(&m->why, r));
        return m->why.n > REGISTRAR_WHY_MAX ? PSE_E_RANGE : PSE_OK;
    case REGISTRAR_PENDING: PSE_TRY(pse_rd_u64(&m->row, r)); return take_long(&m->bond, r);
    case REGISTRAR_STATE:
        PSE_TRY(pse_rd_u8(&m->state, r));
        PSE_TRY(pse_rd_u64(&m->index, r));
        PSE_TRY(pse_rd_hash(&m->leaf, r));
        return m->state >= REGISTRAR_STATES ? PSE_E_RANGE : PSE_OK;
    default: return PSE_E_UNSUPPORTED;
    }
}

pse_rc registrar_parse(struct registrar_message *m, uint8_t kind, struct pse_span body)
{
    struct pse_rd r = {body.p, body.p + body.n};

    memset(m, 0, sizeof *m);
    m->kind = kind;
    PSE_TRY(kind > REGISTRAR_ANSWER ? parse_answer(m, &r) : parse_request(m, &r));
    return pse_rd_end(&r);
}
