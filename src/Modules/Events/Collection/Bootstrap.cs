using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Events.Collection;

/// <summary>
/// What browser SDKs ask for before they send anything: which integrations to load (none), and where to send (here). Without
/// an answer they do not start.
/// </summary>
internal static partial class Bootstrap
{
    private static readonly Lazy<(byte[] Text, string Tag)> script = new(() =>
    {
        using var stream = typeof(Bootstrap).Assembly.GetManifestResourceStream("clientele.js")!;
        using var reader = new StreamReader(stream);
        var text = Encoding.UTF8.GetBytes(Shortened(reader.ReadToEnd()));
        return (text, $"\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(text).AsSpan(0, 8))}\"");
    });

    // The script without what people need to read it: lines of comment, and spaces beside signs (not in strings).
    private static string Shortened(string script) => Space().Replace(CommentLine().Replace(script, string.Empty), m => m.Groups[1].Success ? m.Value : m.Groups[2].Value).Trim();

    [GeneratedRegex(@"^\s*//.*\n", RegexOptions.Multiline)]
    private static partial Regex CommentLine();

    [GeneratedRegex("""("(?:[^"\\]|\\.)*"|/\*.*?\*/)|\s*([{}()=+,;:?<>&|*-])\s*""", RegexOptions.Singleline)]
    private static partial Regex Space();

    public static void Map(IEndpointRouteBuilder root)
    {
        CollectionRoutes.Get(root, "/v1/projects/{key}/settings", Segment);
        CollectionRoutes.Get(root, "/sourceConfig", RudderStack);
        CollectionRoutes.Get(root, "/array/{key}/config", PostHogConfig);
        CollectionRoutes.Get(root, "/array/{key}/config.js", PostHogScript);
        CollectionRoutes.PostOrGet(root, "/decide", PostHogFlags);
        CollectionRoutes.PostOrGet(root, "/flags", PostHogFlags);
        CollectionRoutes.Get(root, "/clientele.js", Script);
    }

    /// <summary>@segment/analytics-next: loadCDNSettings, then the plugin "Segment.io" with its own settings.</summary>
    private static async Task Segment(HttpContext context, Collect collect)
    {
        var source = (await collect.Keyed(context, Key(context), mustBe: true))!;
        await Json(context, new Dictionary<string, object>
        {
            ["integrations"] = new Dictionary<string, object>
            {
                ["Segment.io"] = new
                {
                    apiKey = source.PublicKey,
                    apiHost = $"{context.Request.Host}/v1",
                    protocol = context.Request.Scheme,
                    addBundledMetadata = false,
                    unbundledIntegrations = Array.Empty<string>(),
                    bundledConfigIds = Array.Empty<string>(),
                    maybeBundledConfigIds = new { },
                    retryQueue = true,
                },
            },
            ["plan"] = new { track = new { __default = new { enabled = true, integrations = new { } } }, identify = new { __default = new { enabled = true } }, group = new { __default = new { enabled = true } } },
            ["edgeFunction"] = new { },
            ["analyticsNextEnabled"] = true,
            ["middlewareSettings"] = new { },
            ["enabledMiddleware"] = new { },
            ["metrics"] = new { sampleRate = 0 },
            ["legacyVideoPluginsEnabled"] = false,
            ["remotePlugins"] = Array.Empty<object>(),
        });
    }

    /// <summary>RudderStack's browser SDK: it wants source.id, source.config and source.destinations.</summary>
    private static async Task RudderStack(HttpContext context, Collect collect)
    {
        var key = context.Request.Query["writeKey"].ToString() is { Length: > 0 } asked ? asked : BasicUser(context);
        var source = (await collect.Keyed(context, key, mustBe: true))!;
        await Json(context, new
        {
            source = new
            {
                id = source.KeyId,
                name = source.Name,
                writeKey = source.PublicKey,
                workspaceId = source.WorkspaceId,
                enabled = true,
                config = new { statsCollection = new { errors = new { enabled = false }, metrics = new { enabled = false } } },
                destinations = Array.Empty<object>(),
                dataplanes = new { },
            },
            updatedAt = DateTimeOffset.UnixEpoch,
        });
    }

    private static async Task PostHogConfig(HttpContext context, Collect collect)
    {
        var source = (await collect.Keyed(context, Key(context), mustBe: true))!;
        await Json(context, Config(source));
    }

    private static async Task PostHogScript(HttpContext context, Collect collect)
    {
        var source = (await collect.Keyed(context, Key(context), mustBe: true))!;
        context.Response.ContentType = "text/javascript; charset=utf-8";
        var name = JsonSerializer.Serialize(source.PublicKey);
        await context.Response.WriteAsync($"(function(){{window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{{}};window._POSTHOG_REMOTE_CONFIG[{name}]={{config:{JsonSerializer.Serialize(Config(source))},siteApps:[]}};}})();", context.RequestAborted);
    }

    // Flags have their own protocols; here there are none, and none of them is an error.
    private static Task PostHogFlags(HttpContext context, Collect collect) => Json(context, new
    {
        flags = new { },
        featureFlags = new { },
        featureFlagPayloads = new { },
        errorsWhileComputingFlags = false,
        supportedCompression = (string[])["gzip", "gzip-js"],
        config = new { enable_collect_everything = true },
        sessionRecording = false,
        siteApps = Array.Empty<object>(),
        toolbarParams = new { },
        isAuthenticated = false,
    });

    private static object Config(Source source) => new
    {
        token = source.PublicKey,
        supportedCompression = (string[])["gzip", "gzip-js"],
        hasFeatureFlags = false,
        captureDeadClicks = false,
        capturePerformance = false,
        autocapture_opt_out = false,
        autocaptureExceptions = false,
        analytics = new { endpoint = "/i/v0/e/" },
        elementsChainAsString = true,
        sessionRecording = false,
        heatmaps = false,
        surveys = false,
        defaultIdentifiedOnly = true,
        siteApps = Array.Empty<object>(),
        toolbarParams = new { },
        isAuthenticated = false,
    };

    private static async Task Script(HttpContext context, Collect collect)
    {
        var (text, tag) = script.Value;
        var headers = context.Response.Headers;
        headers.ETag = tag;
        headers.CacheControl = "public, max-age=3600";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = "text/javascript; charset=utf-8";
        await context.Response.Body.WriteAsync(text, context.RequestAborted);
    }

    private static string? Key(HttpContext context) => context.Request.RouteValues["key"] as string;

    private static string? BasicUser(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        var decoded = new byte[header.Length];
        return header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) && Convert.TryFromBase64String(header[6..].Trim(), decoded, out var length)
            ? Encoding.UTF8.GetString(decoded, 0, length).Split(':')[0] : null;
    }

    // The names are the libraries' own, so they stay as they are written here.
    private static Task Json(HttpContext context, object answer) => context.Response.WriteAsJsonAsync(answer, asWritten, context.RequestAborted);

    private static readonly JsonSerializerOptions asWritten = new();
}
