using System.Globalization;
using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Plan;
using Clientele.DataApi.Run;
using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Keys;
using Clientele.Platform.Modules;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Clientele.DataApi.Rest;

/// <summary>
/// The Data API inside the platform: sessions and keys become organization, actor and access class, which row-level security
/// reads; what may be asked beyond that is said by scopes and roles. Functions are not offered unless their comment says so.
/// </summary>
internal sealed class RestApi : IDisposable
{
    /// <summary>The line of a function's comment that offers it.</summary>
    public const string OfferedMark = "@data-api";

    /// <summary>How long a statement of a key may take, and one of a person.</summary>
    private const string KeyTimeout = "10s", PersonTimeout = "30s";

    /// <summary>How long all rows of a table may take on their way: as fast as whoever takes them.</summary>
    private const string ExportTimeout = "15min";

    /// <summary>How long whoever asked may take to fetch the answer: who reads a byte a second would hold one of the places for hours.</summary>
    private static readonly TimeSpan longest = TimeSpan.FromMinutes(2), longestExport = TimeSpan.FromMinutes(15);

    private readonly Engine engine;
    private readonly Keys keys;
    private readonly RateLimits limits;
    private readonly Readings readings;

    /// <summary>The application's pool has 40 connections (<see cref="Databases"/>): half of them are left to everything else.</summary>
    internal Places Places { get; } = new(all: 20, EachPlaces, TimeSpan.FromSeconds(2));

    /// <summary>How many requests of one organization hold a connection at once.</summary>
    internal const int EachPlaces = 5;

    /// <summary>All rows at once may take minutes: they have places of their own, so that nothing else waits for them.</summary>
    private readonly Places exports = new(all: 4, each: 2, TimeSpan.FromSeconds(2));

    public RestApi(Databases databases, IReadOnlyList<IModule> modules, RateLimits limits, RecentReads recent, TimeProvider clock, ILogger<RestApi> logger)
    {
        this.limits = limits;
        readings = new Readings(databases, recent, clock);
        keys = new Keys(databases, clock);
        // The log is written through the modules that record events; it is read through their views of it.
        var schemas = modules.Select(m => m.Name).Where(n => n != "dataapi").Order(StringComparer.Ordinal).ToList();
        engine = new Engine(databases.Application, new EngineOptions(new Exposure(schemas, ["public"]) { Role = Databases.App, TenantColumn = "organization_id", OfferedMark = OfferedMark, PassesRequest = false })
        {
            Aggregates = true,
            MaxRows = 10_000,
            OffersAllRows = true,
            ResponseSettings = false,
            Audited = true,
            MostCost = 5_000_000,
            LargestBody = 10 * 1024 * 1024,
            ReloadsWhenUnknown = true,
        }, logger);
    }

    /// <summary>What is offered.</summary>
    public ValueTask<Catalogue.Catalogue> Offered(CancellationToken ct) => engine.Catalogue(ct);

    /// <summary>The schema meant by a person's request that names none.</summary>
    public async ValueTask<string?> Usual(Guid organization, Guid? workspace, CancellationToken ct) => await keys.BlueprintOf(organization, workspace, ct);

    /// <summary>Reads the catalogue again, when it has been read at all.</summary>
    public Task Refresh(CancellationToken ct) => engine.Known ? engine.Reload(ct) : Task.CompletedTask;

    /// <summary>Reads the catalogue again.</summary>
    public Task Reload(CancellationToken ct) => engine.Reload(ct);

    public Task Answer(HttpContext context) => engine.Handle(context, "/" + (context.Request.RouteValues["path"] as string ?? string.Empty), (request, _) => Ask(context, request));

    public void Dispose()
    {
        engine.Dispose();
        Places.Dispose();
        exports.Dispose();
    }

    private async ValueTask<Asker> Ask(HttpContext context, ApiRequest request)
    {
        var headers = context.Request.Headers;
        var bearer = headers.Authorization.ToString();
        var secret = headers["apikey"].ToString() is { Length: > 0 } key ? key : bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer[7..].Trim() : null;
        if (secret is not null) return await Key(context, request, secret);
        var caller = context.RequestServices.GetRequiredService<Caller>();
        if (!caller.SignedIn) throw new ApiError(401, "PGRST302", "Anonymous access is disabled") { Hint = "Send a secret key as \"apikey\" or \"Authorization: Bearer\", or sign in.", Headers = [new("WWW-Authenticate", "Bearer")] };
        if (caller.OrganizationId is not { } organization) throw new ApiError(404, "organization_not_found", "There is no such organization, or you are not a member of it") { Hint = $"Name one of yours in the {Authentication.OrganizationHeader} header." };
        if (caller.MustChangePassword) throw new ApiError(403, "password_change_required", "Choose a password of your own first");
        var tenant = caller.Tenant with { Request = RequestFacts.Of(context, caller.SessionId) };
        var all = request.Prefer.AllRows && request.Reads;
        return new Asker(Settings(tenant, all ? ExportTimeout : PersonTimeout, request), Anonymous: false)
        {
            Before = (action, ct) => readings.Record(action, tenant, caller.SessionId, ct),
            Schema = await keys.BlueprintOf(organization, tenant.WorkspaceId, context.RequestAborted),
            Enter = ct => (all ? exports : Places).Enter(organization, ct),
            AllRows = all,
            Longest = all ? longestExport : longest,
            Scope = new Scope(null, tenant.Access, caller.May),
        };
    }

    private async ValueTask<Asker> Key(HttpContext context, ApiRequest request, string secret)
    {
        var key = await keys.Find(secret, context.RequestAborted)
            ?? throw new ApiError(401, "PGRST301", "This key is not valid") { Hint = "It may have been revoked or have expired; a write key of a web page opens nothing here.", Headers = [new("WWW-Authenticate", "Bearer error=\"invalid_token\"")] };
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && key.AllowedOrigins.Length > 0 && !key.AllowedOrigins.Contains(origin)) throw new ApiError(403, "42501", "This key is not taken from this origin");
        // A page in place of all rows would look like all of them.
        if (request.Prefer.AllRows) throw new ApiError(403, "42501", "All rows at once are for people who are signed in") { Hint = "Take pages: order by the key, and begin each behind the last row of the one before." };
        if (!KeyUse.IsAllowed(key.AllowedAddresses, context.Connection.RemoteIpAddress)) throw new ApiError(403, "42501", "This key is not taken from this address");
        KeyUse.Mark(context, key.OrganizationId, key.Id);
        var decision = await limits.Take(key.OrganizationId, key.Id, "/rest/v1" + request.Path, context.Connection.RemoteIpAddress, context.RequestAborted);
        decision.WriteTo(context.Response);
        if (decision.RetryAfter is { } wait) throw new ApiError(429, "CL003", decision.Words) { Headers = [new("Retry-After", RateLimits.Seconds(wait)), .. decision.Headers()] };
        var timeout = key.StatementTimeoutMs is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms") : KeyTimeout;
        var tenant = new Tenant(key.OrganizationId, null, Access.Key, key.WorkspaceId) { Request = RequestFacts.Of(context, key: key.Id) };
        return new Asker(Settings(tenant, timeout, request), Anonymous: false)
        {
            Before = (action, ct) => readings.Record(action, tenant, key.Id, ct),
            MaxRows = key.MaxRows,
            MostCost = key.MaxCost,
            Longest = longest,
            Schema = key.Blueprint,
            Enter = ct => Places.Enter(key.OrganizationId, ct),
            Scope = new Scope(key.Scopes, Access.Key),
        };
    }

    private static List<KeyValuePair<string, string>> Settings(Tenant tenant, string timeout, ApiRequest request) =>
    [
        new("clientele.organization_id", tenant.OrganizationId?.ToString() ?? string.Empty),
        new("clientele.actor_id", tenant.ActorId?.ToString() ?? string.Empty),
        new("clientele.access", Words.Of(tenant.Access)),
        new("clientele.workspace_id", tenant.WorkspaceId?.ToString() ?? string.Empty),
        new("clientele.request", tenant.Request ?? string.Empty),
        // Its statements leave their own entries in the audit trail; a function's are left by what it changes.
        new("clientele.through", request.Path.StartsWith("/rpc/", StringComparison.Ordinal) ? string.Empty : "data_api"),
        new("statement_timeout", timeout),
    ];
}
