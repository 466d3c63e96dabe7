using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Clientele.DataApi.Auth;
using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Plan;
using Clientele.DataApi.Run;
using Clientele.Platform.Migrations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.DataApi.Standalone;

/// <summary>The Data API alone, over any database, in place of PostgREST.</summary>
public sealed class StandaloneApi : IAsyncDisposable
{
    private readonly StandaloneOptions options;
    private readonly NpgsqlDataSource source;
    private readonly NpgsqlDataSource? plain;
    private readonly Engine engine;
    private readonly Jwt? jwt;
    private readonly string searchPath;
    private readonly string anonymousClaims;
    private readonly CancellationTokenSource stopping = new();
    private readonly ILogger logger;
    private Task listening = Task.CompletedTask;

    private StandaloneApi(StandaloneOptions options, ILogger logger)
    {
        (this.options, this.logger) = (options, logger);
        source = new NpgsqlDataSourceBuilder(Connection(options)).Build();
        if (options.JwtSecret is { } secret)
        {
            try { jwt = new Jwt(secret, options.JwtSecretIsBase64, options.JwtAud, TimeProvider.System); }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or System.Security.Cryptography.CryptographicException) { throw new SetupException($"PGRST_JWT_SECRET cannot be used: {e.Message}", e); }
        }
        searchPath = string.Join(", ", options.DbExtraSearchPath.Select(s => Identifier.Of(s).Sql));
        anonymousClaims = options.DbAnonRole is { } role ? JsonSerializer.Serialize(new { role }) : "{}";
        plain = Plain();
        engine = new Engine(source, new EngineOptions(new Exposure(options.DbSchemas, options.DbExtraSearchPath))
        {
            MaxRows = options.DbMaxRows,
            Aggregates = options.DbAggregatesEnabled,
            Plans = options.DbPlanEnabled,
            TargetNames = options.LegacyTargetNames,
            PreRequest = Qualified(options.DbPreRequest, options.DbSchemas[0]),
            RootRoutine = options.DbRootSpec is { } root ? Qualified(root, options.DbSchemas[0])!.Value.Name : null,
            DescribeItself = options.OpenApiMode != "disabled",
            DescriptionFollowsRights = options.OpenApiMode == "follow-privileges",
            RollBack = options.DbTxEnd.StartsWith("rollback", StringComparison.Ordinal),
            MayChooseEnd = options.DbTxEnd.EndsWith("override", StringComparison.Ordinal),
            ServerTiming = options.ServerTimingEnabled,
            PublicAddress = options.OpenApiServerProxyUri,
        }, logger, plain);
    }

    // What anonymous reads ask of a connection does not change: connections that are it from the start spare them a statement.
    private NpgsqlDataSource? Plain()
    {
        if (options.DbAnonRole is not { } role || options.DbPreRequest is not null) return null;
        var settings = new NpgsqlConnectionStringBuilder(Connection(options));
        static string Option(string name, string value) => $" -c {name}={value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal)}";
        settings.Options += Option("role", role) + Option("default_transaction_read_only", "on") + Option("search_path", SearchPath(options.DbSchemas[0]));
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    private string SearchPath(string schema) => Identifier.Of(schema).Sql + (searchPath.Length > 0 ? ", " + searchPath : "");

    /// <summary>
    /// Lets what comes in on a socket be answered by the thread that hears of it, in this whole process: between the client and
    /// PostgreSQL there is little to do but pass on, and handing that to another thread took a third of the time. To be called before
    /// there is a socket, and only where nothing waits for one without giving its thread back.
    /// </summary>
    public static void StayOnThread()
    {
        const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
        if (Environment.GetEnvironmentVariable(Inline) is null) Environment.SetEnvironmentVariable(Inline, "1");
    }

    /// <summary>A web application that answers as PostgREST would.</summary>
    /// <exception cref="SetupException">A setting cannot be used.</exception>
    public static WebApplication Build(StandaloneOptions options, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            // A long list of values in a filter is an ordinary thing.
            kestrel.Limits.MaxRequestLineSize = 256 * 1024;
            kestrel.Limits.MaxRequestBufferSize = 1024 * 1024;
            if (options.ServerHost is "!4" or "*" or "*4" or "!6" or "*6") kestrel.ListenAnyIP(options.ServerPort);
            else if (options.ServerHost == "localhost" && options.ServerPort > 0) kestrel.ListenLocalhost(options.ServerPort);
            else kestrel.Listen(options.ServerHost == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(options.ServerHost, out var address) ? address
                : throw new SetupException($"PGRST_SERVER_HOST is \"{options.ServerHost}\"; it must be localhost, * or an address of this machine."), options.ServerPort);
        });
        builder.Logging.AddSimpleConsole(c => { c.SingleLine = true; c.TimestampFormat = "HH:mm:ss "; });
        builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Npgsql", LogLevel.Warning);
        builder.Services.AddSingleton(services => new StandaloneApi(options, services.GetRequiredService<ILogger<StandaloneApi>>()));
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        var api = app.Services.GetRequiredService<StandaloneApi>();
        app.Lifetime.ApplicationStarted.Register(() => api.listening = api.Listen());
        app.Run(api.Answer);
        return app;
    }

    /// <summary>Reads the catalogue now, so that the first request need not wait, and a wrong setting is known at once.</summary>
    /// <exception cref="SetupException">The database cannot be read.</exception>
    public static async Task Probe(StandaloneOptions options, CancellationToken ct)
    {
        await using var source = new NpgsqlDataSourceBuilder(Connection(options)).Build();
        await using var connection = await source.OpenConnectionAsync(ct);
        var known = await CatalogueLoader.Load(connection, new Exposure(options.DbSchemas, options.DbExtraSearchPath), null, ct);
        if (options.DbSchemas.FirstOrDefault(s => !known.SchemaComments.ContainsKey(s)) is { } missing) throw new SetupException($"PGRST_DB_SCHEMAS names \"{missing}\", and there is no such schema.");
    }

    private static (string Schema, string Name)? Qualified(string? name, string schema)
    {
        if (name is null) return null;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? (schema, name) : (name[..dot], name[(dot + 1)..]);
    }

    // postgres://user:password@host:port/database?host=/socket, or what Npgsql takes.
    private static string Connection(StandaloneOptions options)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = options.DbUri.StartsWith("postgres", StringComparison.Ordinal) && options.DbUri.Contains("://", StringComparison.Ordinal) ? FromUri(options.DbUri) : new NpgsqlConnectionStringBuilder(options.DbUri);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new SetupException($"PGRST_DB_URI cannot be read: {e.Message}", e);
        }
        settings.Host ??= Environment.GetEnvironmentVariable("PGHOST") ?? "/var/run/postgresql";
        settings.ApplicationName ??= "clientele data-api";
        settings.NoResetOnClose = true;
        settings.MaxPoolSize = options.DbPool;
        settings.MaxAutoPrepare = 200;
        settings.AutoPrepareMinUsages = 1;
        settings.IncludeErrorDetail = true;
        settings.CommandTimeout = 0;
        // Rows are long, and written as they come.
        settings.WriteBufferSize = settings.ReadBufferSize = 32 * 1024;
        return settings.ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder FromUri(string text)
    {
        var uri = new Uri(text);
        var settings = new NpgsqlConnectionStringBuilder();
        if (uri.Host.Length > 0) settings.Host = Uri.UnescapeDataString(uri.Host);
        if (uri.Port > 0) settings.Port = uri.Port;
        if (uri.AbsolutePath.Length > 1) settings.Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0) settings.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) settings.Password = Uri.UnescapeDataString(user[1]);
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = pair.Split('=', 2) is [var n, var v] ? (n, Uri.UnescapeDataString(v)) : (pair, string.Empty);
            switch (name)
            {
                case "host": settings.Host = value; break;
                case "port": settings.Port = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture); break;
                case "user": settings.Username = value; break;
                case "password": settings.Password = value; break;
                case "dbname": settings.Database = value; break;
                case "sslmode": settings.SslMode = Enum.Parse<SslMode>(value.Replace("-", string.Empty, StringComparison.Ordinal), ignoreCase: true); break;
                case "application_name": settings.ApplicationName = value; break;
            }
        }
        return settings;
    }

    // -----------------------------------------------------------------------------------------------------

    private async Task Answer(HttpContext context)
    {
        if (Cors(context)) return;
        if (options.ServerTraceHeader is { } trace && context.Request.Headers.TryGetValue(trace, out var traced)) context.Response.OnStarting(() => { context.Response.Headers[trace] = traced; return Task.CompletedTask; });
        await engine.Handle(context, context.Request.Path.Value ?? "/", (request, known) => ValueTask.FromResult(Asker(context.Request, request, known)));
    }

    // Answers a preflight request; others get the header that lets a page read the answer.
    private bool Cors(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0)
        {
            var all = options.ServerCorsAllowedOrigins.Count == 0;
            if (!all && !options.ServerCorsAllowedOrigins.Contains(origin)) return false;
            var preflight = HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey("Access-Control-Request-Method");
            if (preflight)
            {
                Allow(response, all ? "*" : origin);
                response.Headers.AccessControlAllowMethods = "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD";
                var asked = request.Headers.AccessControlRequestHeaders.ToString();
                response.Headers.AccessControlAllowHeaders = "Authorization, " + (asked.Length > 0 ? asked + ", " : "") + "Accept, Accept-Language, Content-Language";
                response.Headers.AccessControlMaxAge = "86400";
                response.StatusCode = 200;
                return true;
            }
            response.OnStarting(() => { Allow(response, all ? "*" : origin); Expose(response); return Task.CompletedTask; });
        }
        else if (HttpMethods.IsOptions(request.Method)) response.OnStarting(() => { Allow(response, "*"); return Task.CompletedTask; });
        return false;
    }

    private static void Allow(HttpResponse response, string origin)
    {
        response.Headers.AccessControlAllowOrigin = origin;
        if (origin == "*") return;
        response.Headers.AccessControlAllowCredentials = "true";
        response.Headers.Append("Vary", "Origin");
    }

    private static void Expose(HttpResponse response) =>
        response.Headers.AccessControlExposeHeaders = "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit";

    private Asker Asker(HttpRequest http, ApiRequest request, Catalogue.Catalogue known)
    {
        var (role, claims) = Who(http);
        var schema = (request.Reads ? request.AcceptProfile : request.ContentProfile) ?? options.DbSchemas[0];
        // Only what is offered is ever on the path.
        if (!options.DbSchemas.Contains(schema)) schema = options.DbSchemas[0];
        var settings = new List<KeyValuePair<string, string>>(8)
        {
            new("search_path", SearchPath(schema)),
            new("role", role),
        };
        if (known.ReadsRequest || options.DbPreRequest is not null)
        {
            settings.Add(new("request.jwt.claims", claims));
            settings.Add(new("request.method", request.Method));
            settings.Add(new("request.path", request.Path));
            settings.Add(new("request.headers", Headers(http)));
            settings.Add(new("request.cookies", Cookies(http)));
            settings.AddRange(options.AppSettings);
        }
        return new Asker(settings, role == options.DbAnonRole) { Plain = settings.Count == 2 && role == options.DbAnonRole && schema == options.DbSchemas[0] };
    }

    private (string Role, string Claims) Who(HttpRequest http)
    {
        var header = http.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || header.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
        {
            if (jwt is null) throw new ApiError(500, "PGRST300", "Server lacks JWT secret");
            try
            {
                var claims = jwt.Verify(header[6..].Trim());
                return Role(claims) is { } role ? (role, claims.GetRawText()) : options.DbAnonRole is { } anonymous ? (anonymous, WithRole(claims, anonymous)) : throw Disabled();
            }
            catch (InvalidOperationException)
            {
                // Half a surrogate is a token of JSON, and no text.
                throw new ApiError(401, "PGRST301", "JWT cryptographic operation failed") { Headers = [new("WWW-Authenticate", "Bearer error=\"invalid_token\", error_description=\"JWT cryptographic operation failed\"")] };
            }
            catch (JwtRefused e)
            {
                throw new ApiError(401, e.Code, e.Message) { Details = e.Details, Headers = [new("WWW-Authenticate", $"Bearer error=\"invalid_token\", error_description=\"{e.Message}\"")] };
            }
        }
        return options.DbAnonRole is { } nobody ? (nobody, anonymousClaims) : throw Disabled();
    }

    private static ApiError Disabled() => new(401, "PGRST302", "Anonymous access is disabled") { Headers = [new("WWW-Authenticate", "Bearer")] };

    private static string WithRole(JsonElement claims, string role)
    {
        var all = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var claim in claims.EnumerateObject()) all[claim.Name] = claim.Value;
        all["role"] = JsonSerializer.SerializeToElement(role);
        return JsonSerializer.Serialize(all);
    }

    // .realm.roles[0]
    private string? Role(JsonElement claims)
    {
        var at = claims;
        foreach (var step in options.JwtRoleClaimKey.Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (step.StartsWith('['))
            {
                if (at.ValueKind != JsonValueKind.Array || !int.TryParse(step.Trim('[', ']'), out var index) || index < 0 || index >= at.GetArrayLength()) return null;
                at = at[index];
            }
            else if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step.Trim('"'), out at)) return null;
        }
        return at.ValueKind == JsonValueKind.String ? at.GetString() : null;
    }

    private static string Headers(HttpRequest http)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in http.Headers)
                if (!name.Equals("cookie", StringComparison.OrdinalIgnoreCase)) json.WriteString(name.ToLowerInvariant(), value.ToString());
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Cookies(HttpRequest http)
    {
        if (http.Headers.Cookie.Count == 0) return "{}";
        return JsonSerializer.Serialize(http.Cookies.ToDictionary(c => c.Key, c => c.Value));
    }

    // -----------------------------------------------------------------------------------------------------

    // notify pgrst, 'reload schema' (or without words), from an event trigger or by hand.
    private async Task Listen()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (options.DbChannel.Length == 0)
                {
                    await engine.Catalogue(stopping.Token);
                    return;
                }
                await using var connection = await source.OpenConnectionAsync(stopping.Token);
                connection.Notification += (_, said) => { if (said.Payload is "" or "reload schema") reload = true; };
                await using (var listen = new NpgsqlCommand("listen " + Identifier.Of(options.DbChannel).Sql, connection)) await listen.ExecuteNonQueryAsync(stopping.Token);
                // The first time; later, what changed while nobody listened.
                await engine.Reload(stopping.Token);
                while (true)
                {
                    await connection.WaitAsync(stopping.Token);
                    if (!reload) continue;
                    // What was told meanwhile lies there one by one, and is one reload.
                    for (var more = 0; more < 100 && await connection.WaitAsync(gathering, stopping.Token); more++) { }
                    reload = false;
                    await engine.Reload(stopping.Token);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested) { return; }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                logger.LogWarning(e, "The catalogue's news are not heard; trying again in two seconds.");
                await Task.Delay(2000, CancellationToken.None);
            }
        }
    }

    private static readonly TimeSpan gathering = TimeSpan.FromMilliseconds(20);

    private volatile bool reload;

    /// <summary>Stops listening and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await listening;
        await source.DisposeAsync();
        if (plain is not null) await plain.DisposeAsync();
        jwt?.Dispose();
        engine.Dispose();
        stopping.Dispose();
    }
}
