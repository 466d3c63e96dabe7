using System.Net;
using Clientele.Platform;
using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Health;
using Clientele.Platform.Keys;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Problems;
using Clientele.Platform.Secrets;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.HttpOverrides;

namespace Clientele.Server;

/// <param name="Port">0: any free one.</param>
/// <param name="Listen"><c>localhost</c>, <c>*</c> or an address.</param>
/// <param name="Console">Folder of the built console; null: none is served.</param>
/// <param name="TrustedProxies">Addresses and networks whose X-Forwarded headers are believed.</param>
/// <param name="Keys">What secrets are encrypted with; null: keys that end with the process.</param>
/// <param name="Backups">Where this node makes backups; null: it makes none.</param>
/// <param name="Copies">Where backups are copied to; null: nowhere.</param>
/// <param name="Postgres">The private one that this process runs, and its archive; null: there is none.</param>
/// <param name="Data">The data folder, whose disk is watched; null: none.</param>
/// <param name="Timelines">Folder of this node's timelines; null: a temporary one.</param>
/// <param name="Files">Where files lie; null: a temporary folder.</param>
public sealed record AppOptions(int Port, string Listen = "localhost", string? Console = null, IReadOnlyList<string>? TrustedProxies = null, string? Timelines = null, KeyRing? Keys = null, IFileStore? Files = null, BackupOptions? Backups = null, PrivatePostgresServer? Postgres = null, BackupCopies? Copies = null, string? Data = null);

/// <summary>The web application: the pipeline of every request, and the modules' routes.</summary>
public static class App
{
    public static WebApplication Build(Databases databases, AppOptions options, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(App).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 10 * 1024 * 1024;
            // Filters of the Data API name many rows at once, as 500 marked ones.
            kestrel.Limits.MaxRequestLineSize = 256 * 1024;
            Listen(kestrel, options);
        });
        LogLines.AddTo(builder.Logging).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Npgsql", LogLevel.Warning);
        Telemetry.Add(builder);
        AddServices(builder.Services, databases, options);
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        UsePipeline(app, options);
        return app;
    }

    private static void Listen(Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions kestrel, AppOptions options)
    {
        if (options.Listen == "localhost" && options.Port > 0) kestrel.ListenLocalhost(options.Port);
        else if (options.Listen == "*") kestrel.ListenAnyIP(options.Port);
        else kestrel.Listen(options.Listen == "localhost" ? IPAddress.Loopback : IPAddress.Parse(options.Listen), options.Port);
    }

    private static void AddServices(IServiceCollection services, Databases databases, AppOptions options)
    {
        services.AddRouting();
        services.AddSingleton(databases);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(options.Keys ?? KeyRing.Temporary());
        services.AddSingleton(_ => options.Files ?? DiskStore.Temporary());
        services.AddSingleton(Modules.All);
        if (options.Backups is { } backups) services.AddSingleton(backups);
        if (options.Postgres is { } postgres) services.AddSingleton(postgres);
        if (options.Postgres?.Archive is { } archive) services.AddSingleton(archive);
        if (options.Copies is { } copies) services.AddSingleton(copies);
        services.AddSingleton(PlatformOptions.FromEnvironment(options.Port));
        services.AddSingleton(new Node(options.Data));
        services.AddSingleton(new Analytics.Queries.Following.TimelinesOptions(options.Timelines));
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = ProblemHandler.AddTraceId);
        services.AddExceptionHandler<ProblemHandler>();
        // A bad request is one in development too.
        services.Configure<ExceptionHandlerOptions>(o => o.StatusCodeSelector = e => e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError);
        services.AddResponseCompression(c =>
        {
            // Nothing secret stands in an answer beside text of the caller's choosing, so compression gives nothing away.
            c.EnableForHttps = true;
            c.MimeTypes = [.. Microsoft.AspNetCore.ResponseCompression.ResponseCompressionDefaults.MimeTypes, "application/problem+json", "image/svg+xml"];
        });
        services.AddOpenApi("v1", OpenApiDocument.Describe);
        services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxy in options.TrustedProxies ?? [])
            {
                if (IPAddress.TryParse(proxy, out var address)) forwarded.KnownProxies.Add(address);
                else forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
            }
        });
        foreach (var module in Modules.All) module.AddServices(services);
    }

    private static void UsePipeline(WebApplication app, AppOptions options)
    {
        if (options.TrustedProxies is { Count: > 0 }) app.UseForwardedHeaders();
        app.UseResponseCompression();
        app.Use(SecurityHeaders);
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        var files = ConsoleFiles.Use(app, options.Console);
        app.UseRouting();
        Telemetry.Use(app);
        var keyUse = app.Services.GetRequiredService<KeyUse>();
        app.Use((context, next) => keyUse.Watch(context, next));
        app.UseMiddleware<Authentication>();
        app.MapHealth();
        app.MapOpenApi("/openapi/{documentName}.json");
        var api = app.MapGroup("/api");
        foreach (var module in Modules.All)
        {
            module.MapRoutes(api);
            module.MapPublicRoutes(app);
        }
        ConsoleFiles.MapPages(app, files);
    }

    private static Task SecurityHeaders(HttpContext context, RequestDelegate next)
    {
        // At the last moment: the handler of errors empties the headers first.
        context.Response.OnStarting(() => { Secure(context); return Task.CompletedTask; });
        return next(context);
    }

    private static void Secure(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin";
        if (context.Request.Path.StartsWithSegments("/files", StringComparison.OrdinalIgnoreCase))
        {
            // What people uploaded runs nothing and reaches nothing, and its address, which is a key, is told nobody.
            headers.ContentSecurityPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            return;
        }
        // The console's component library and charts set styles in elements; scripts come from our files only.
        headers.ContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)) headers.CacheControl = "no-store";
    }
}
