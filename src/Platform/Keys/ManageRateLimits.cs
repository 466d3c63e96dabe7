using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Keys;

/// <summary>/api/rate-limits: how often keys may call.</summary>
internal static class ManageRateLimits
{
    /// <param name="KeyId">For one key; null: for all.</param>
    /// <param name="Route">A path, with a star at its end for all that begin so; * for all.</param>
    /// <param name="CountedBy"><c>organization</c>: all together; <c>key</c>: each key by itself; <c>caller</c>: each address by itself.</param>
    public sealed record View(Guid Id, string Name, Guid? KeyId, string? KeyName, string Route, string CountedBy, long MaxRequests, int WindowSeconds, bool IsActive);

    public sealed record ListView(IReadOnlyList<View> Items);

    /// <summary>Of a change, what is left out stays; of a new one it has its default.</summary>
    public sealed record Request(string? Name, Guid? KeyId, string? Route, string? CountedBy, long? MaxRequests, int? WindowSeconds, bool? IsActive);

    private static Task<List<View>> Read(Db db, Sql which, CancellationToken ct) => db.List<View>($"""
        select l.id, l.name, l.api_key_id as key_id, k.name as key_name, l.route, l.counted_by, l.max_requests, l.window_seconds, l.is_active
        from platform.rate_limits l
        left join platform.api_keys k on k.organization_id = l.organization_id and k.id = l.api_key_id
        where l.organization_id = platform.organization() and {which}
        order by l.name, l.id
        """, ct);

    private static async Task<View> Of(Db db, Guid id, CancellationToken ct) => await Read(db, $"l.id = {id}", ct) is [var limit] ? limit : throw Problem.NotFound("limit");

    public static async Task<ListView> List(Db db, CancellationToken ct)
    {
        return new ListView(await Read(db, $"true", ct));
    }

    public static async Task<IResult> Create(Request request, Db db, CancellationToken ct)
    {
        if (request.MaxRequests is null) throw Problem.Invalid("maxRequests", "Say how many requests are answered in a window.");
        if (request.WindowSeconds is null) throw Problem.Invalid("windowSeconds", "Say how long a window is, in seconds.");
        await Check(request, db, ct);
        var id = await db.One<Guid>($"""
            insert into platform.rate_limits (name, api_key_id, route, counted_by, max_requests, window_seconds, is_active)
            values ({request.Name?.Trim() ?? "Limit"}, {request.KeyId}, {request.Route ?? "*"}, {request.CountedBy ?? "organization"}, {request.MaxRequests}, {request.WindowSeconds}, {request.IsActive ?? true})
            returning id
            """, ct);
        return Results.Created($"/api/rate-limits/{id}", await Of(db, id, ct));
    }

    public static async Task<View> Put(Guid id, Request request, Db db, CancellationToken ct)
    {
        await Of(db, id, ct);
        await Check(request, db, ct);
        await db.Run($"""
            update platform.rate_limits l
            set name = coalesce({request.Name?.Trim()}, l.name), route = coalesce({request.Route}, l.route), counted_by = coalesce({request.CountedBy}, l.counted_by),
                max_requests = coalesce({request.MaxRequests}, l.max_requests), window_seconds = coalesce({request.WindowSeconds}, l.window_seconds), is_active = coalesce({request.IsActive}, l.is_active)
            where l.organization_id = platform.organization() and l.id = {id}
            """, ct);
        return await Of(db, id, ct);
    }

    public static async Task<IResult> Delete(Guid id, Db db, CancellationToken ct)
    {
        await Of(db, id, ct);
        await db.Run($"delete from platform.rate_limits l where l.organization_id = platform.organization() and l.id = {id}", ct);
        return Results.NoContent();
    }

    private static async Task Check(Request request, Db db, CancellationToken ct)
    {
        if (request.Name is { } name && (name.Trim().Length is 0 or > 100 || name.Contains('\0', StringComparison.Ordinal))) throw Problem.Invalid("name", "The name has 1 to 100 characters.");
        if (request.MaxRequests is < 0 or > 1_000_000_000) throw Problem.Invalid("maxRequests", "So many requests are answered: 0 to 1,000,000,000.");
        if (request.WindowSeconds is < 1 or > 86_400) throw Problem.Invalid("windowSeconds", "A window has 1 to 86,400 seconds.");
        if (request.CountedBy is not (null or "organization" or "key" or "caller")) throw Problem.Invalid("countedBy", "Requests are counted by organization, key or caller.");
        if (request.Route is { } route && !System.Text.RegularExpressions.Regex.IsMatch(route, @"^(\*|/[^ *\0]{0,300}\*?)\z")) throw Problem.Invalid("route", "A route is a path such as /rest/v1/orders, with a star at its end for all that begin so, or * for all.");
        if (request.KeyId is { } key) await Known(db, key, ct);
    }

    private static async Task Known(Db db, Guid key, CancellationToken ct)
    {
        if (!await db.One<bool>($"select exists (select from platform.api_keys k where k.organization_id = platform.organization() and k.id = {key})", ct)) throw Problem.Invalid("keyId", "There is no such key here.");
    }
}
