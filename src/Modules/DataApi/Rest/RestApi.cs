using System.Globalization;
using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Plan;
using Clientele.DataApi.Run;
using Clientele.Platform.Data;
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

    private readonly Engine engine;
    private readonly Keys keys;

    /// <summary>The application's pool has 40 connections (<see cref="Databases"/>): half of them are left to everything else.</summary>
    internal Places Places { get; } = new(all: 20, EachPlaces, TimeSpan.FromSeconds(2));

    /// <summary>How many requests of one organization hold a connection at once.</summary>
    internal const int EachPlaces = 5;

    public RestApi(Databases databases, IReadOnlyList<IModule> modules, TimeProvider clock, ILogger<RestApi> logger)
    {
        keys = new Keys(databases, clock);
        // The log is written through the modules that record events; it is read through their views of it.
        var schemas = modules.Select(m => m.Name).Where(n => n != "dataapi").Order(StringComparer.Ordinal).ToList();
        engine = new Engine(databases.Application, new EngineOptions(new Exposure(schemas, ["public"]) { Role = Databases.App, TenantColumn = "organization_id", OfferedMark = OfferedMark })
        {
            Aggregates = true,
            MaxRows = 10_000,
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
    public async ValueTask<string?> Usual(Guid organization, CancellationToken ct) => await keys.BlueprintOf(organization, ct);

    /// <summary>Reads the catalogue again, when it has been read at all.</summary>
    public Task Refresh(CancellationToken ct) => engine.Known ? engine.Reload(ct) : Task.CompletedTask;

    /// <summary>Reads the catalogue again.</summary>
    public Task Reload(CancellationToken ct) => engine.Reload(ct);

    public Task Answer(HttpContext context) => engine.Handle(context, "/" + (context.Request.RouteValues["path"] as string ?? string.Empty), (request, _) => Ask(context, request));

    public void Dispose()
    {
        engine.Dispose();
        Places.Dispose();
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
        var tenant = caller.Tenant;
        return new Asker(Settings(tenant, PersonTimeout), Anonymous: false)
        {
            Schema = await keys.BlueprintOf(organization, context.RequestAborted),
            Enter = ct => Places.Enter(organization, ct),
            Scope = new Scope(null, tenant.Access >= Access.Admin, caller.May),
        };
    }

    private async ValueTask<Asker> Key(HttpContext context, ApiRequest request, string secret)
    {
        var key = await keys.Find(secret, context.RequestAborted)
            ?? throw new ApiError(401, "PGRST301", "This key is not valid") { Hint = "It may have been revoked or have expired; a write key of a web page opens nothing here.", Headers = [new("WWW-Authenticate", "Bearer error=\"invalid_token\"")] };
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && key.AllowedOrigins.Length > 0 && !key.AllowedOrigins.Contains(origin)) throw new ApiError(403, "42501", "This key is not taken from this origin");
        await keys.Count(key, "/rest/v1" + request.Path, context.RequestAborted);
        var timeout = key.StatementTimeoutMs is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms") : KeyTimeout;
        return new Asker(Settings(new Tenant(key.OrganizationId, null, Access.Key, key.WorkspaceId), timeout), Anonymous: false)
        {
            MaxRows = key.MaxRows,
            MostCost = key.MaxCost,
            Schema = key.Blueprint,
            Enter = ct => Places.Enter(key.OrganizationId, ct),
            Scope = new Scope(key.Scopes, Writes: true),
        };
    }

    private static List<KeyValuePair<string, string>> Settings(Tenant tenant, string timeout) =>
    [
        new("clientele.organization_id", tenant.OrganizationId?.ToString() ?? string.Empty),
        new("clientele.actor_id", tenant.ActorId?.ToString() ?? string.Empty),
        new("clientele.access", Words.Of(tenant.Access)),
        new("clientele.workspace_id", tenant.WorkspaceId?.ToString() ?? string.Empty),
        new("statement_timeout", timeout),
    ];
}
