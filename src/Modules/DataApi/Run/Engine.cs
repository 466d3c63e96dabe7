using System.Buffers;
using System.Diagnostics;
using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Compile;
using Clientele.DataApi.Parse;
using Clientele.DataApi.Plan;
using Clientele.Platform.Data;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.DataApi.Run;

/// <summary>
/// Answers requests over one database: parse, plan, compile, run. Both front doors are thin around it: they say who asks.
/// </summary>
internal sealed partial class Engine(NpgsqlDataSource source, EngineOptions options, ILogger logger, NpgsqlDataSource? plain = null) : IDisposable
{
    private readonly SemaphoreSlim loading = new(1, 1);
    private readonly Executor executor = new(source, plain, options);
    private readonly PlanRules rules = new(options.Aggregates, options.MaxRows, options.TargetNames);
    private Catalogue.Catalogue? catalogue;
    private long loadedAt;

    public EngineOptions Options => options;

    /// <summary>Whether the catalogue has been read.</summary>
    public bool Known => catalogue is not null;

    /// <summary>What is offered, read when first needed.</summary>
    public async ValueTask<Catalogue.Catalogue> Catalogue(CancellationToken ct)
    {
        if (catalogue is { } known) return known;
        await loading.WaitAsync(ct);
        try
        {
            return catalogue ??= await Load(ct);
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>Reads the catalogue again; requests under way go on with the one they began with.</summary>
    public async Task Reload(CancellationToken ct)
    {
        await loading.WaitAsync(ct);
        try
        {
            catalogue = await Load(ct);
        }
        finally
        {
            loading.Release();
        }
    }

    private async Task<Catalogue.Catalogue> Load(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        Catalogue.Catalogue loaded;
        try { loaded = await CatalogueLoader.Load(connection, options.Exposure, catalogue, ct); }
        catch (Exception e) when (PreparedStatements.MayBeHalf(e))
        {
            await PreparedStatements.Forget(connection);
            throw;
        }
        loadedAt = Stopwatch.GetTimestamp();
        LogLoaded(logger, loaded.ByName.Count, loaded.Routines.Count);
        return loaded;
    }

    /// <param name="path">What follows the API's prefix.</param>
    /// <param name="ask">Says who asks, once the request is known to be one.</param>
    public async Task Handle(HttpContext context, string path, Func<ApiRequest, Catalogue.Catalogue, ValueTask<Asker>> ask)
    {
        var anonymous = false;
        var timings = new Timings();
        try
        {
            var request = Request(context, path);
            request.Prefer.Check(options.OffersAllRows);
            var known = await Catalogue(context.RequestAborted);
            var asker = await ask(request, known);
            anonymous = asker.Anonymous;
            timings.Mark("jwt");
            var planner = new ActionPlanner(known, Rules(asker), options.Plans, options.RootRoutine, options.DescribeItself, asker.Schema);
            if (request.Method == "OPTIONS")
            {
                Allow(context, planner, known, request);
                return;
            }
            // Only now: who may not ask may not make this process hold what they send either.
            if (request.Method is "POST" or "PATCH" or "PUT") request.Body = await Read(context.Request, context.RequestAborted);
            (var action, known) = await Plan(planner, known, request, asker, context.RequestAborted);
            asker.Scope?.Check(action);
            if (asker.Before is { } before) await before(action, context.RequestAborted);
            timings.Mark("plan");
            if (action is RootAction root)
            {
                using var reads = await Enter(asker, context.RequestAborted);
                await Describe(context, known, root, asker);
                return;
            }
            var statement = StatementCompiler.Compile(action, request, asker.MaxRows ?? options.MaxRows, options.Audited);
            timings.Mark("parse");
            using var place = await Enter(asker, context.RequestAborted);
            await executor.Run(context, request, action, statement, asker, timings, known.WritesResponse || options.PreRequest is not null);
        }
        catch (ApiError e)
        {
            await Refuse(context, e);
        }
        catch (PostgresException e) when (!context.Response.HasStarted)
        {
            await Refuse(context, Failures.Of(e, anonymous));
        }
        catch (NpgsqlException e) when (!context.Response.HasStarted && e.InnerException is not OperationCanceledException)
        {
            LogAway(logger, e);
            await Refuse(context, new ApiError(503, "PGRST000", "Database connection error. Retrying the connection.") { Headers = [new("Retry-After", "2")] });
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
        catch (OperationCanceledException) when (context.Response.HasStarted)
        {
            // They took too long to fetch it.
            context.Abort();
        }
    }

    private PlanRules Rules(Asker asker) => asker.MaxRows is null && !asker.AllRows ? rules : rules with { MaxRows = asker.MaxRows ?? options.MaxRows, AllRows = asker.AllRows };

    private static async ValueTask<IDisposable?> Enter(Asker asker, CancellationToken ct) => asker.Enter is { } enter ? await enter(ct) : null;

    // What was made after the catalogue was read is not unknown for long. Whoever goes on does so with the catalogue that was planned with.
    private async ValueTask<(ActionPlan, Catalogue.Catalogue)> Plan(ActionPlanner planner, Catalogue.Catalogue known, ApiRequest request, Asker asker, CancellationToken ct)
    {
        try
        {
            return (planner.Plan(request), known);
        }
        catch (ApiError e) when (options.ReloadsWhenUnknown && e.Code is "PGRST200" or "PGRST202" or "PGRST204" or "PGRST205" or "42703" && Stopwatch.GetElapsedTime(loadedAt) > TimeSpan.FromSeconds(10))
        {
            if (ReferenceEquals(known, catalogue)) await Reload(ct);
            var now = await Catalogue(ct);
            return (new ActionPlanner(now, Rules(asker), options.Plans, options.RootRoutine, options.DescribeItself, asker.Schema).Plan(request), now);
        }
    }

    private static ApiRequest Request(HttpContext context, string path)
    {
        var request = context.Request;
        var accept = request.Headers.Accept.Count switch { 0 => null, 1 => request.Headers.Accept[0], _ => string.Join(", ", request.Headers.Accept!) };
        var type = request.ContentType ?? string.Empty;
        var semicolon = type.IndexOf(';', StringComparison.Ordinal);
        return new ApiRequest
        {
            Method = request.Method,
            Path = path.Length == 0 ? "/" : path,
            QueryString = request.QueryString.Value ?? string.Empty,
            Prefer = Preferences.Parse(request.Headers["Prefer"]),
            Accept = MediaType.Parse(accept),
            AcceptText = accept,
            ContentType = (semicolon < 0 ? type : type[..semicolon]).Trim().ToLowerInvariant() is { Length: > 0 } said ? said : "application/json",
            AcceptProfile = Profile(request, "Accept-Profile"),
            ContentProfile = Profile(request, "Content-Profile"),
            Range = request.Headers.Range.Count > 0 ? request.Headers.Range[0] : null,
        };
    }

    private static string? Profile(HttpRequest request, string name) => request.Headers[name] is [{ Length: > 0 } profile, ..] ? profile : null;

    private async ValueTask<ReadOnlyMemory<byte>> Read(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength == 0) return default;
        if (request.ContentLength > options.LargestBody) throw TooLarge();
        // It grows with what comes, not with what is announced.
        var buffer = new ArrayBufferWriter<byte>(4096);
        int read;
        while ((read = await request.Body.ReadAsync(buffer.GetMemory(4096), ct)) > 0)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > options.LargestBody) throw TooLarge();
        }
        return buffer.WrittenMemory;
    }

    private ApiError TooLarge() => new(413, "PGRST100", $"The body is larger than {options.LargestBody} bytes") { Hint = "Send it in several requests." };

    private static void Allow(HttpContext context, ActionPlanner planner, Catalogue.Catalogue known, ApiRequest request)
    {
        var path = request.Path.Trim('/');
        if (path.Length == 0) context.Response.Headers.Allow = "OPTIONS,GET,HEAD";
        else if (path.StartsWith("rpc/", StringComparison.Ordinal))
        {
            if (!known.Routines.TryGetValue((planner.Schema(request), path[4..]), out var routines)) throw ApiErrorOf(path, planner.Schema(request));
            context.Response.Headers.Allow = routines.Exists(r => r.Volatility != 'v') ? "OPTIONS,GET,HEAD,POST" : "OPTIONS,POST";
        }
        else
        {
            var relation = planner.FindRelation(planner.Schema(request), path);
            context.Response.Headers.Allow = "OPTIONS,GET,HEAD" + (relation.Insertable ? ",POST" : "") + (relation is { Insertable: true, Updatable: true, PrimaryKey.Count: > 0 } ? ",PUT" : "")
                + (relation.Updatable ? ",PATCH" : "") + (relation.Deletable ? ",DELETE" : "");
        }
        context.Response.StatusCode = 200;
        context.Response.ContentLength = 0;
    }

    private static ApiError ApiErrorOf(string path, string schema) => new(404, "PGRST202", $"Could not find the function {schema}.{path[4..]} in the schema cache");

    private async Task Describe(HttpContext context, Catalogue.Catalogue known, RootAction root, Asker asker)
    {
        var rights = options.DescriptionFollowsRights ? await Rights.Read(source, root.Schema, asker, context.RequestAborted) : null;
        if (rights is not null) asker.Scope?.Narrow(rights, known);
        context.Response.ContentType = root.Shape.ContentType;
        if (options.Exposure.Schemas.Count > 1) context.Response.Headers["Content-Profile"] = root.Schema;
        var document = Description.Write(known, root.Schema, rights, options.PublicAddress, context.Request);
        context.Response.ContentLength = document.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(document, context.RequestAborted);
    }

    public void Dispose() => loading.Dispose();

    /// <summary>Answers with an error.</summary>
    public static async Task Refuse(HttpContext context, ApiError error)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }
        response.Clear();
        response.StatusCode = error.Status;
        if (error.Reason is { } reason && context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseFeature>() is { } feature) feature.ReasonPhrase = reason;
        response.ContentType = "application/json; charset=utf-8";
        response.Headers["Proxy-Status"] = $"PostgREST; error={error.Code}";
        foreach (var (name, value) in error.Headers) response.Headers[name] = value;
        var body = error.Body();
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body, context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Data API: {Relations} tables and views, {Functions} functions")]
    private static partial void LogLoaded(ILogger logger, int relations, int functions);

    [LoggerMessage(Level = LogLevel.Error, Message = "Data API: the database is not reachable")]
    private static partial void LogAway(ILogger logger, Exception exception);
}
