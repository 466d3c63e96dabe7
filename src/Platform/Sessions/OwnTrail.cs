using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>What people do to their own accounts concerns every organization they work for: it is an entry in the audit trail of each.</summary>
internal static class OwnTrail
{
    /// <summary>The service role, which knows of all organizations, and what to say of the request.</summary>
    /// <param name="session">Null: there is none yet.</param>
    public static Db Service(Databases databases, HttpContext context, Guid? session) => new(databases.Service, Tenant.None with { Request = RequestFacts.Of(context, session) });

    /// <param name="act">As the trail has it: <c>change_password</c>.</param>
    /// <param name="words">What was done.</param>
    public static Task<long> Tell(Transaction t, Guid person, string act, string words, CancellationToken ct) => t.Run($"""
        insert into platform.activity_logs (organization_id, actor_type, user_id, activity_type, resource_type, resource_id, action_description, severity)
        select m.organization_id, 'user', {person}, {act}, 'account', {person.ToString()}, {words}, 'warning'
        from platform.organization_members m where m.user_id = {person} and m.status = 'active'
        """, ct);
}
