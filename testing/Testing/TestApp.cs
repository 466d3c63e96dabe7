using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Clientele.Testing;

/// <summary>The real application on a real port, over a database of its own; people of both organizations can sign in.</summary>
public class TestApp : TestDatabase
{
    public const string Password = "correct horse battery staple";

    private WebApplication app = null!;

    public Uri Address { get; private set; } = null!;

    public IServiceProvider Services => app.Services;

    /// <summary>An administrator of alpha, signed in.</summary>
    public HttpClient Admin { get; private set; } = null!;

    /// <summary>A viewer of alpha.</summary>
    public HttpClient Viewer { get; private set; } = null!;

    /// <summary>An administrator of beta.</summary>
    public HttpClient Stranger { get; private set; } = null!;

    /// <summary>Nobody.</summary>
    public HttpClient Anonymous { get; private set; } = null!;

    /// <summary>Folder of a built console to serve.</summary>
    protected virtual string? Console => null;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        app = App.Build(Databases, new AppOptions(0, Console: Console), Configure);
        await app.StartAsync();
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Anonymous = Client("alpha");
        await AddPerson("admin@alpha.example", Alpha.OrganizationId!.Value, "admin");
        await AddPerson("viewer@alpha.example", Alpha.OrganizationId!.Value, "viewer");
        await AddPerson("admin@beta.example", Beta.OrganizationId!.Value, "admin");
        Admin = await SignIn("admin@alpha.example", "alpha");
        Viewer = await SignIn("viewer@alpha.example", "alpha");
        Stranger = await SignIn("admin@beta.example", "beta");
    }

    /// <summary>Where a test class replaces the clock or the outside world.</summary>
    protected virtual void Configure(IServiceCollection services) => services.AddLogging(l => l.ClearProviders());

    public override async ValueTask DisposeAsync()
    {
        foreach (var client in (HttpClient[])[Admin, Viewer, Stranger, Anonymous]) client.Dispose();
        await app.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public Task<long> AddPerson(string email, Guid organization, string role) => Service.Run($"""
        with person as (
            insert into platform.platform_users (email, name, password_hash, email_verified)
            values ({email}, {email.Split('@')[0]}, {hash.Value}, true) returning id
        )
        insert into platform.organization_members (organization_id, user_id, role) select {organization}, p.id, {role} from person p
        """, CancellationToken.None);

    public async Task<HttpClient> SignIn(string email, string organization)
    {
        var client = Client(organization);
        using var answer = await client.PostAsJsonAsync("api/session", new { email, password = Password });
        answer.EnsureSuccessStatusCode();
        return client;
    }

    /// <summary>A browser of its own: cookies, and the headers the console sends.</summary>
    public HttpClient Client(string organization)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = true, AllowAutoRedirect = false }) { BaseAddress = Address };
        client.DefaultRequestHeaders.Add("X-Clientele", "console");
        client.DefaultRequestHeaders.Add("Clientele-Organization", organization);
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return client;
    }

    // The same for everybody here, and of one round: tests sign in by the hundred. What people choose over HTTP is hashed as it should be.
    private static readonly Lazy<string> hash = new(() => new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 1 })).HashPassword(new object(), Password));
}

/// <summary>Reading answers.</summary>
public static class Answers
{
    public static async Task<JsonElement> Json(this HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"GET {path}: {(int)answer.StatusCode} {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>Status and problem code of an answer.</summary>
    public static async Task<(int Status, string? Code)> Problem(this HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            var code = text.StartsWith('{') && JsonSerializer.Deserialize<JsonElement>(text).TryGetProperty("code", out var c) ? c.GetString() : null;
            return ((int)answer.StatusCode, code);
        }
    }

    public static Task<HttpResponseMessage> Post(this HttpClient client, string path, object? body = null) =>
        client.PostAsJsonAsync(new Uri(path, UriKind.Relative), body ?? new { }, ApiJson.Options);
}
