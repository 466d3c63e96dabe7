using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Clientele.Platform.Sessions;

/// <summary>
/// GET /api/session/oauth and its callback: sign-in by another service, through the framework's handler (authorization code with
/// PKCE, a state bound to the browser). It opens accounts that are there; it makes none.
/// </summary>
/// <remarks>The handler is run here and not by the authentication middleware, which would ask it about every request.</remarks>
internal sealed partial class OAuthSignIn(PlatformOptions options, IOptionsMonitor<OAuthOptions> handlerOptions, ILoggerFactory loggers)
{
    public const string Scheme = "oauth";
    public const string CallbackPath = "/api/session/oauth/callback";

    public static async Task Begin(HttpContext context, OAuthSignIn sign, string? next = null)
    {
        // Only a page of our own may follow.
        var page = next is ['/', not ('/' or '\\'), ..] or "/" ? next : "/";
        await (await sign.Handler(context)).ChallengeAsync(new AuthenticationProperties { RedirectUri = page });
    }

    public static async Task Return(HttpContext context, OAuthSignIn sign) => await (await sign.Handler(context)).HandleRequestAsync();

    public static void Configure(OAuthOptions o, PlatformOptions options, KeyRing keys, ILoggerFactory loggers)
    {
        if (options.OAuth is not { } service) return;
        (o.AuthorizationEndpoint, o.TokenEndpoint, o.UserInformationEndpoint) = (service.Authorize.ToString(), service.Token.ToString(), service.UserInfo.ToString());
        (o.ClientId, o.ClientSecret, o.CallbackPath, o.UsePkce, o.SignInScheme) = (service.ClientId, service.ClientSecret, CallbackPath, true, "session");
        foreach (var scope in service.Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)) o.Scope.Add(scope);
        o.StateDataFormat = new SealedState(keys);
        o.Backchannel = new HttpClient { Timeout = TimeSpan.FromSeconds(15), MaxResponseContentBufferSize = 1024 * 1024 };
        // Lax: the service sends the browser back by a link. Strict would lose it, None needs TLS.
        (o.CorrelationCookie.SameSite, o.CorrelationCookie.SecurePolicy, o.CorrelationCookie.Path) = (SameSiteMode.Lax, CookieSecurePolicy.SameAsRequest, "/api/session/oauth");
        var logger = loggers.CreateLogger<OAuthSignIn>();
        o.Events.OnCreatingTicket = ReadPerson;
        o.Events.OnTicketReceived = Enter;
        o.Events.OnRemoteFailure = failed =>
        {
            LogFailed(logger, failed.Failure?.GetType().Name ?? "unknown");
            return Leave(failed, "failed");
        };
    }

    private async Task<OAuthHandler<OAuthOptions>> Handler(HttpContext context)
    {
        if (options.OAuth is null) throw Problem.NotFound("way to sign in");
        // The framework's constructor without a clock; the clock comes with its options.
        var handler = new OAuthHandler<OAuthOptions>(handlerOptions, loggers, UrlEncoder.Default);
        await handler.InitializeAsync(new AuthenticationScheme(Scheme, null, typeof(OAuthHandler<OAuthOptions>)), context);
        return handler;
    }

    private static async Task ReadPerson(OAuthCreatingTicketContext context)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, context.Options.UserInformationEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", context.AccessToken);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var answer = await context.Backchannel.SendAsync(request, context.HttpContext.RequestAborted);
        answer.EnsureSuccessStatusCode();
        using var person = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(context.HttpContext.RequestAborted));
        if (person.RootElement.ValueKind != JsonValueKind.Object) throw new AuthenticationFailureException("The service tells nothing of the person.");
        if (person.RootElement.TryGetProperty("email", out var email) && email.ValueKind == JsonValueKind.String) context.Identity!.AddClaim(new Claim(ClaimTypes.Email, email.GetString()!));
        // Some services write the word, not the truth value.
        if (person.RootElement.TryGetProperty("email_verified", out var verified) && verified.ToString().Equals("true", StringComparison.OrdinalIgnoreCase)) context.Identity!.AddClaim(new Claim("email_verified", "true"));
    }

    private sealed record Person(Guid Id, bool SecondFactor);

    private static async Task Enter(TicketReceivedContext context)
    {
        T Service<T>() where T : notnull => (T)context.HttpContext.RequestServices.GetService(typeof(T))!;
        var (options, ct) = (Service<PlatformOptions>(), context.HttpContext.RequestAborted);
        var email = context.Principal?.FindFirst(ClaimTypes.Email)?.Value;
        // An address that nobody proved may be another's.
        if (email is null || !(options.OAuth!.TrustEmail || context.Principal!.HasClaim("email_verified", "true")))
        {
            await Leave(context, "unverified");
            return;
        }
        var person = await new Db(Service<Databases>().Service, Tenant.None).InTransaction(async t =>
        {
            if (await t.Find<Guid?>($"select u.id from platform.platform_users u where lower(u.email) = lower({email}) and u.status = 'active'", ct) is not { } id) return null;
            await AccountOwner.Proved(t, id, ct);
            return await t.One<Person>($"select u.id, u.totp_enabled_at is not null as second_factor from platform.platform_users u where u.id = {id}", ct);
        }, ct);
        if (person is null)
        {
            await Leave(context, "unknown");
            return;
        }
        var door = Service<SessionDoor>();
        if (person.SecondFactor)
        {
            // After the #: it reaches the page and no server's log.
            context.Response.Redirect($"/sign-in?next={Uri.EscapeDataString(context.ReturnUri ?? "/")}#{(await door.Challenge(person.Id, ct)).Challenge}");
        }
        else
        {
            await door.Open(person.Id, context.HttpContext, ct);
            context.Response.Redirect(context.ReturnUri ?? "/");
        }
        context.HandleResponse();
    }

    private static Task Leave<T>(HandleRequestContext<T> context, string why) where T : AuthenticationSchemeOptions
    {
        context.Response.Redirect($"/sign-in?refused={why}");
        context.HandleResponse();
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sign-in by another service failed: {Kind}")]
    private static partial void LogFailed(ILogger logger, string kind);
}
