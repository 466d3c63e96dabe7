using System.Globalization;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Events.Collection;

/// <summary>
/// The addresses SDKs send to. They are part of other people's protocols and described in docs/guides/collect.md, not in
/// our OpenAPI document.
/// </summary>
internal static class CollectionRoutes
{
    public static void Map(IEndpointRouteBuilder root)
    {
        foreach (var (word, call) in (ReadOnlySpan<(string, Call)>)[("track", Call.Track), ("identify", Call.Identify), ("page", Call.Page), ("screen", Call.Screen), ("group", Call.Group), ("alias", Call.Alias)])
        {
            Post(root, $"/v1/{word}", (context, collect) => One(context, collect, call));
            // As analytics.js has it.
            Post(root, $"/v1/{word[0]}", (context, collect) => One(context, collect, call));
        }
        Post(root, "/v1/batch", Batch);
        Post(root, "/v1/b", Batch);
        Post(root, "/v1/import", Batch);
        foreach (var path in (string[])["/batch", "/capture", "/e", "/i/v0/e", "/i/v1/e"]) Post(root, path, PostHog);
        Get(root, "/v1/pixel.gif", Pixel.Handle);
        Get(root, "/v1/pixel/{call}", Pixel.Handle);
        Bootstrap.Map(root);
    }

    private static async Task One(HttpContext context, Collect collect, Call call)
    {
        var outcome = await collect.Take(context, call);
        if (outcome.Refused is [var refused, ..])
            throw new Problem(400, "event_refused", $"{refused.Problem} It waits in quarantine. Mend the call.");
        await Answer(context, """{"success":true}""");
    }

    private static async Task Batch(HttpContext context, Collect collect)
    {
        var outcome = await collect.Take(context, null, batch: true);
        await Answer(context, outcome.Refused.Count == 0 ? """{"success":true}""" : JsonSerializer.Serialize(new
        {
            success = true,
            outcome.Accepted,
            Refused = outcome.Refused.Select(r => new { r.Index, r.Problem, r.MessageId }),
        }, ApiJson.Options));
    }

    private static async Task PostHog(HttpContext context, Collect collect)
    {
        var outcome = await collect.Take(context, null, postHog: true);
        if (outcome is { Accepted: 0, Refused: [var refused, ..] }) throw new Problem(400, "event_refused", $"{refused.Problem} It waits in quarantine. Mend the call.");
        await Answer(context, """{"status":1}""");
    }

    private static Task Answer(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    private static void Post(IEndpointRouteBuilder root, string path, Func<HttpContext, Collect, Task> handle)
    {
        root.MapPost(path, (HttpContext context, Collect collect) => Shared(context, () => handle(context, collect))).ExcludeFromDescription();
        root.MapMethods(path, ["OPTIONS"], Preflight).ExcludeFromDescription();
    }

    public static void Get(IEndpointRouteBuilder root, string path, Func<HttpContext, Collect, Task> handle)
    {
        root.MapGet(path, (HttpContext context, Collect collect) => Shared(context, () => handle(context, collect))).ExcludeFromDescription();
        root.MapMethods(path, ["OPTIONS"], Preflight).ExcludeFromDescription();
    }

    public static void PostOrGet(IEndpointRouteBuilder root, string path, Func<HttpContext, Collect, Task> handle)
    {
        root.MapPost(path, (HttpContext context, Collect collect) => Shared(context, () => handle(context, collect))).ExcludeFromDescription();
        Get(root, path, handle);
    }

    // Before the key is known a page of any site may ask; the key decides when it sends.
    private static IResult Preflight(HttpContext context)
    {
        Allow(context);
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "POST, GET, OPTIONS";
        headers.AccessControlAllowHeaders = context.Request.Headers.AccessControlRequestHeaders.ToString() is { Length: > 0 and < 1000 } asked && IsPlain(asked) ? asked : "Content-Type, Authorization";
        headers.AccessControlMaxAge = "86400";
        return Results.NoContent();
    }

    // sendBeacon sends with credentials, which a star does not allow; none of ours lie on these addresses.
    private static void Allow(HttpContext context)
    {
        if (context.Request.Headers.Origin.ToString() is not { Length: > 0 } origin || !IsPlain(origin)) return;
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.AccessControlAllowCredentials = "true";
        context.Response.Headers.Append("Vary", "Origin");
    }

    // A request's header may hold bytes that an answer's may not; no browser sends them.
    private static bool IsPlain(string header) => !header.AsSpan().ContainsAnyExceptInRange(' ', '~');

    private static async Task Shared(HttpContext context, Func<Task> handle)
    {
        context.Response.OnStarting(() => { Allow(context); return Task.CompletedTask; });
        try
        {
            await handle();
        }
        catch (Problem problem)
        {
            // Not left to the handler of exceptions: under a flood, refusing must be cheaper than taking.
            context.Response.StatusCode = problem.Status;
            if (problem.RetryAfter is { } wait)
            {
                var seconds = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                context.Response.Headers.RetryAfter = seconds;
                if (problem.Status == 429) context.Response.Headers["X-RateLimit-Reset"] = seconds;
            }
            var details = new ProblemDetailsContext { HttpContext = context, ProblemDetails = ProblemHandler.Details(problem) };
            ProblemHandler.AddTraceId(details);
            await context.Response.WriteAsJsonAsync(details.ProblemDetails, ApiJson.Options, "application/problem+json", context.RequestAborted);
        }
    }
}
