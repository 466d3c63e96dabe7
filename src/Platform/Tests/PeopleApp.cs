using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Clientele.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Tests;

/// <summary>A server that sends mail to a mail server of its own, is behind a proxy that tells the country, and lets people sign in by a service of its own.</summary>
public sealed class PeopleApp : TestApp
{
    public const string Country = "X-Country";
    public const string ClientSecret = "the-clients-secret";

    private WebApplication service = null!;

    public MailServer Post { get; } = new();

    /// <summary>What was logged.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>Minutes the server's clock is ahead.</summary>
    public Clock Time { get; } = new();

    /// <summary>Whom the other service signs in, as it tells of them.</summary>
    public object Person { get; set; } = new { };

    public override async ValueTask InitializeAsync()
    {
        await StartService();
        await base.InitializeAsync();
        // The one who owns alpha has no password; this one has.
        await AddPerson("super@alpha.example", Alpha.OrganizationId!.Value, "super_admin");
        Super = await SignIn("super@alpha.example", "alpha");
    }

    /// <summary>A super administrator of alpha.</summary>
    public HttpClient Super { get; private set; } = null!;

    public override async ValueTask DisposeAsync()
    {
        Super.Dispose();
        await base.DisposeAsync();
        await service.DisposeAsync();
        await Post.DisposeAsync();
    }

    protected override void Configure(IServiceCollection services)
    {
        var at = service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        services.AddSingleton(new PlatformOptions(new Uri("http://clientele.test"), new MailOptions("127.0.0.1", Post.Port, false, null, null, "clientele@clientele.test"),
            new OAuthSettings("Elsewhere", new Uri($"{at}/authorize"), new Uri($"{at}/token"), new Uri($"{at}/person"), "clientele", ClientSecret, "openid email", TrustEmail: false),
            Country));
        services.AddSingleton<TimeProvider>(Time);
        services.AddLogging(l => l.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(new Logs(Log)));
    }

    private async Task StartService()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        service = builder.Build();
        var challenges = new ConcurrentDictionary<string, string>();
        service.UseRouting();
        service.MapGet("/authorize", context =>
        {
            var query = context.Request.Query;
            var code = Guid.NewGuid().ToString("N");
            challenges[code] = query["code_challenge"].ToString();
            context.Response.Redirect($"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"].ToString())}");
            return Task.CompletedTask;
        });
        service.MapPost("/token", async context =>
        {
            var form = await context.Request.ReadFormAsync();
            var verifier = System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
            var right = form["client_secret"] == ClientSecret && challenges.TryRemove(form["code"].ToString(), out var challenge) && challenge == verifier;
            context.Response.StatusCode = right ? 200 : 400;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(right ? """{"access_token": "secret-access-token", "token_type": "Bearer"}""" : """{"error": "invalid_grant"}""");
        });
        service.MapGet("/person", async context =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization == "Bearer secret-access-token" ? 200 : 401;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(JsonSerializer.Serialize(Person));
        });
        await service.StartAsync();
    }

    public sealed class Clock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
    }

    private sealed class Logs(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose() { }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue($"{formatter(state, exception)} {exception}");
    }
}
