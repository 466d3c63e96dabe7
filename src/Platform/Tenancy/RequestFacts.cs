using System.Diagnostics;
using System.Text.Json;
using Clientele.Platform.Data;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Platform.Tenancy;

/// <summary>What the audit trail says of the request that did something. Set on its transactions; written by the database.</summary>
public static class RequestFacts
{
    private sealed record Facts(string Id, string? Ip, string? Agent, string Method, string? Endpoint, Guid? Session, Guid? Key);

    /// <param name="context">The request.</param>
    /// <param name="session">The caller's session, when a person asks.</param>
    /// <param name="key">The key, when a program asks.</param>
    public static string Of(HttpContext context, Guid? session = null, Guid? key = null)
    {
        var agent = context.Request.Headers.UserAgent.ToString();
        return JsonSerializer.Serialize(new Facts(
            // What a problem document calls traceId.
            Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier,
            context.Connection.RemoteIpAddress is { } ip ? (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).ToString().Split('%')[0] : null,
            agent.Length == 0 ? null : agent[..Math.Min(agent.Length, 500)],
            context.Request.Method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, session, key), ApiJson.Options);
    }
}
