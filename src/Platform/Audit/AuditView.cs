using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Platform.Audit;

/// <summary>An entry of the audit trail as the API shows it.</summary>
/// <param name="ActorType"><c>user</c>, <c>api</c> (a key) or <c>system</c>.</param>
/// <param name="ActorId">The member of staff, or the key; null for the platform itself.</param>
/// <param name="ActorName">As it was then.</param>
/// <param name="Action">create, update, delete, read, export…</param>
/// <param name="Object">customer, setting, job…</param>
/// <param name="ChangedFields">Of an update.</param>
/// <param name="RequestId">The <c>traceId</c> that problem documents quote.</param>
/// <param name="IsSealed">It is in a block of the chain; new entries are within seconds.</param>
/// <param name="IsEmptied">Its values went with a person who was erased.</param>
public sealed record AuditView(
    Guid Id, DateTimeOffset At, string ActorType, Guid? ActorId, string? ActorName, string? ActorEmail, string? ActorRole, string Action, string Object, string? ObjectId, string? ObjectName,
    string Description, string? Reason, JsonElement? OldValues, JsonElement? NewValues, string[]? ChangedFields, Guid? SubjectId, string Severity,
    string? IpAddress, string? UserAgent, string? RequestId, string? Method, string? Endpoint, bool IsSealed, bool IsEmptied)
{
    internal static Task<List<AuditView>> List(Db db, Sql which, int limit, CancellationToken ct) => db.List<AuditView>($"""
        with head as (
            select s.epoch, s.writer, s.position from platform.audit_seals s where s.organization_id = platform.organization() order by s.block desc limit 1
        )
        select a.id, a.occurred_at as at, a.actor_type, coalesce(a.actor, a.api_key_id) as actor_id, coalesce(a.user_name, k.name) as actor_name, a.user_email as actor_email, a.user_role as actor_role,
               a.activity_type as action, a.resource_type as object, a.resource_id as object_id, a.resource_name as object_name, a.action_description as description, a.reason,
               a.old_values, a.new_values, a.changed_fields, a.subject_id, a.severity, host(a.ip_address) as ip_address, a.user_agent, a.request_id, a.http_method as method, a.api_endpoint as endpoint,
               exists (select from head h where (a.epoch, a.writer, a.position) <= (h.epoch, h.writer, h.position)) as is_sealed, a.salt is null as is_emptied
        from platform.activity_logs a
        left join platform.api_keys k on k.organization_id = a.organization_id and k.id = a.api_key_id
        where a.organization_id = platform.organization() and {which}
        order by a.occurred_at desc, a.id desc
        limit {limit}
        """, ct);
}

/// <summary>What of the trail is wanted. All that are given hold together.</summary>
/// <param name="Actor">A member of staff or a key, by id; or a part of a name or address.</param>
/// <param name="Action">What was done: update.</param>
/// <param name="Object">To what: setting.</param>
/// <param name="ObjectId">To which.</param>
/// <param name="From">Not before.</param>
/// <param name="To">Before.</param>
/// <param name="Severity">At least so serious: debug, info, warning, error or critical.</param>
/// <param name="Text">A part of a name, a description, a reason or a value.</param>
internal sealed record AuditFilter(string? Actor, string? Action, string? Object, string? ObjectId, DateTimeOffset? From, DateTimeOffset? To, string? Severity, string? Text)
{
    private static readonly string[] severities = ["debug", "info", "warning", "error", "critical"];

    public Sql Where()
    {
        foreach (var (name, value) in new[] { ("actor", Actor), ("action", Action), ("object", Object), ("objectId", ObjectId), ("text", Text) })
            if (value is { } word && (word.Length > 255 || word.Contains('\0', StringComparison.Ordinal))) throw Problem.Invalid(name, "What is looked for has at most 255 characters.");
        if (Severity is not null && !severities.Contains(Severity)) throw Problem.Invalid("severity", $"The severity is one of {string.Join(", ", severities)}.");
        Sql where = $"true";
        if (From is { } from) where = $"{where} and a.occurred_at >= {from}";
        if (To is { } to) where = $"{where} and a.occurred_at < {to}";
        if (Action is not null) where = $"{where} and a.activity_type = {Action}";
        if (Object is not null) where = $"{where} and a.resource_type = {Object}";
        if (ObjectId is not null) where = $"{where} and a.resource_id = {ObjectId}";
        if (Severity is not null) where = $"{where} and a.severity = any({severities[Array.IndexOf(severities, Severity)..]})";
        if (Guid.TryParse(Actor, out var id)) where = $"{where} and {id} in (a.actor, a.api_key_id)";
        else if (Actor is not null) where = $"{where} and strpos(lower(concat_ws(' ', a.user_name, a.user_email)), lower({Actor})) > 0";
        if (Text is not null) where = $"{where} and strpos(lower(concat_ws(' ', a.resource_name, a.resource_id, a.action_description, a.reason, a.user_name, a.user_email, a.old_values, a.new_values, a.request_id)), lower({Text})) > 0";
        return where;
    }

    public static Sql Before(string? before)
    {
        if (before is null) return $"true";
        var (time, entry) = Cursor.Read(before);
        return $"(a.occurred_at, a.id) < ({time}, {entry})";
    }
}
