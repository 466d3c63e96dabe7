using System.Collections.Concurrent;
using Clientele.Platform.Data;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Platform.Audit;

/// <summary>Endpoints that show sensitive data say so, and each reading is an entry of the audit trail.</summary>
public static class AuditedReads
{
    /// <summary>
    /// Writes "read" to the audit trail before the answer leaves: what cannot be recorded is not shown. The same reader, thing
    /// and endpoint within a minute is one entry, since pages ask again and again.
    /// </summary>
    /// <param name="endpoint">What shows it.</param>
    /// <param name="resource">What is shown: <c>customer</c>, <c>order</c>, <c>customers</c> for a list.</param>
    /// <param name="id">The part of the address that says which; of a customer it is also whose data it is.</param>
    public static T Reads<T>(this T endpoint, string resource, string? id = null) where T : IEndpointConventionBuilder
    {
        endpoint.AddEndpointFilter(async (invocation, next) =>
        {
            var result = await next(invocation);
            var context = invocation.HttpContext;
            if (result is IStatusCodeHttpResult { StatusCode: >= 400 }) return result;
            var caller = context.RequestServices.GetRequiredService<Caller>();
            var which = id is null ? null : context.Request.RouteValues[id]?.ToString();
            Guid? subject = resource == "customer" && Guid.TryParse(which, out var customer) ? customer : null;
            await context.RequestServices.GetRequiredService<RecentReads>().Once(caller.SessionId, caller.OrganizationId, resource, which, () =>
                context.RequestServices.GetRequiredService<Db>().Run($"select platform.audit('read', {resource}, {which}, subject_id => {subject})", context.RequestAborted));
            return result;
        });
        return endpoint;
    }
}

/// <summary>Endpoints that act on people's data say so: what was done is an entry of the audit trail.</summary>
public static class AuditedActs
{
    /// <summary>
    /// Writes what was done to the audit trail, once it was done and before the answer leaves. Changes of tables that are
    /// <c>platform.audited</c> leave their own entries; this is for acts that are more than a change of a row.
    /// </summary>
    /// <param name="endpoint">What does it.</param>
    /// <param name="action">erase, merge, undo_merge, start…</param>
    /// <param name="resource">To what: <c>customer</c>, <c>import</c>.</param>
    /// <param name="id">The part of the address that says which; of a customer it is also whose data it is.</param>
    /// <param name="severity">info, or warning for what cannot be taken back.</param>
    public static T Does<T>(this T endpoint, string action, string resource, string id, string severity = "info") where T : IEndpointConventionBuilder
    {
        endpoint.AddEndpointFilter(async (invocation, next) =>
        {
            var result = await next(invocation);
            if (result is IStatusCodeHttpResult { StatusCode: >= 400 }) return result;
            var context = invocation.HttpContext;
            var which = context.Request.RouteValues[id]?.ToString();
            Guid? subject = resource == "customer" && Guid.TryParse(which, out var customer) ? customer : null;
            // It is done: that whoever asked has gone does not undo it.
            await context.RequestServices.GetRequiredService<Db>().Run($"select platform.audit({action}, {resource}, {which}, subject_id => {subject}, severity => {severity})", CancellationToken.None);
            return result;
        });
        return endpoint;
    }
}

/// <summary>Who read what within the last minute, on this node. Safe from several threads.</summary>
public sealed class RecentReads(TimeProvider clock)
{
    private const int Most = 20_000;
    private static readonly TimeSpan together = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<(Guid Reader, Guid? Organization, string Resource, string? Id), long> read = new();

    /// <summary>Records a reading, unless the same one was recorded within the last minute; one that could not be recorded is tried again.</summary>
    /// <param name="reader">A session or a key.</param>
    /// <param name="organization">Whose data it is.</param>
    /// <param name="resource">What is read.</param>
    /// <param name="id">Which one; null: a list.</param>
    /// <param name="record">Writes the entry.</param>
    public async ValueTask Once(Guid reader, Guid? organization, string resource, string? id, Func<Task> record)
    {
        if (read.Count > Most) read.Clear();
        var (key, now) = ((reader, organization, resource, id), clock.GetTimestamp());
        if (read.TryGetValue(key, out var at) && clock.GetElapsedTime(at, now) < together) return;
        await record();
        read[key] = now;
    }
}
