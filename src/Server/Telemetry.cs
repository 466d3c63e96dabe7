using System.Diagnostics;
using Clientele.Platform.Health;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Clientele.Server;

/// <summary>
/// OpenTelemetry: traces, metrics and logs over OTLP, switched on by the standard variables (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and
/// those beside it). Without an endpoint nothing listens and nothing is made. What leaves holds no parameter, no query string and
/// no header, and what exceptions say only scrubbed, as in the error log.
/// </summary>
internal static class Telemetry
{
    private static readonly string[] meters = [PlatformFigures.Name, "Npgsql", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    /// <summary>Tags that may hold what a caller sent.</summary>
    private static readonly string[] unsafeTags = ["url.query", "http.target", "url.full", "http.url", "user_agent.original", "http.user_agent", "client.address", "url.path"];

    // Kept to be disposed with the process's services, which sends what is left.
    private sealed class Providers(TracerProvider? traces, MeterProvider? metrics, ActivityListener failures) : IDisposable
    {
        public void Dispose()
        {
            traces?.Dispose();
            metrics?.Dispose();
            failures.Dispose();
        }
    }

    private static bool IsOn(string signal) =>
        !string.Equals(Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
        && !string.Equals(Environment.GetEnvironmentVariable($"OTEL_{signal}_EXPORTER"), "none", StringComparison.OrdinalIgnoreCase)
        && (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 } || Environment.GetEnvironmentVariable($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") is { Length: > 0 });

    /// <summary>Adds what sends; does nothing without an endpoint.</summary>
    public static void Add(WebApplicationBuilder builder)
    {
        var (traces, metrics, logs) = (IsOn("TRACES"), IsOn("METRICS"), IsOn("LOGS"));
        if (!traces && !metrics && !logs) return;
        // Otherwise the framework's spans of requests have no attributes.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win.
        Action<ResourceBuilder> describe = resource => resource
            .AddService("clientele", serviceVersion: Node.Version, serviceInstanceId: new Node().Name).AddEnvironmentVariableDetector();
        if (logs)
        {
            // What exports logs asks the application's configuration, which knows no variables.
            builder.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
                .Where(v => ((string)v.Key).StartsWith("OTEL_", StringComparison.Ordinal)).Select(v => KeyValuePair.Create((string)v.Key, (string?)v.Value)));
            builder.Logging.AddOpenTelemetry(o =>
            {
                var resource = ResourceBuilder.CreateDefault();
                describe(resource);
                o.SetResourceBuilder(resource);
                // The sentence as it stands in the code, and its values.
                o.IncludeFormattedMessage = false;
                o.AddProcessor(new CleanLogs());
                o.AddOtlpExporter();
            });
        }
        builder.Services.AddSingleton(_ => new Providers(
            !traces ? null : Sdk.CreateTracerProviderBuilder().ConfigureResource(describe)
                .AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql", PlatformFigures.Name)
                .AddProcessor(new CleanSpans()).AddOtlpExporter().Build(),
            !metrics ? null : Sdk.CreateMeterProviderBuilder().ConfigureResource(describe).AddMeter(meters).AddOtlpExporter().Build(),
            CleanFailures()));
    }

    // PostgreSQL's messages quote what they refuse, and the driver hangs them on its spans. What is there first stays.
    private static ActivityListener CleanFailures()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql" or PlatformFigures.Name,
            ExceptionRecorder = static (Activity _, Exception e, ref TagList tags) =>
            {
                tags.Add("exception.type", e.GetType().FullName);
                tags.Add("exception.message", ErrorText.MessageOf(e));
                tags.Add("exception.stacktrace", ErrorText.Stack(e));
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    /// <summary>Starts sending, and names spans of requests by their route.</summary>
    public static void Use(WebApplication app)
    {
        if (app.Services.GetService<Providers>() is null) return;
        app.Use((context, next) =>
        {
            // What asks every few seconds whether we are there would drown all others, and its statements with it.
            if (Activity.Current is { } asked && (context.Request.Path.StartsWithSegments("/health") || context.Request.Path.StartsWithSegments("/metrics")))
                (asked.ActivityTraceFlags, asked.IsAllDataRequested) = (asked.ActivityTraceFlags & ~ActivityTraceFlags.Recorded, false);
            if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span && context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
            {
                span.DisplayName = $"{context.Request.Method} {route}";
                span.SetTag("http.route", route);
            }
            return next(context);
        });
    }

    private sealed class CleanSpans : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity span)
        {
            foreach (var tag in unsafeTags) if (span.GetTagItem(tag) is not null) span.SetTag(tag, null);
            // PostgreSQL's messages quote what they refuse; its code is in db.response.status_code.
            if (span.Status == ActivityStatusCode.Error && span.StatusDescription is not null) span.SetStatus(ActivityStatusCode.Error);
        }
    }

    private sealed class CleanLogs : BaseProcessor<LogRecord>
    {
        public override void OnEnd(LogRecord record)
        {
            // A sentence that has no template, and values that may be a caller's, stay in the server's own log.
            if (record.FormattedMessage is { } said) record.FormattedMessage = ErrorText.Scrub(said);
            if (record.Body is { } body && record.Attributes?.Any(a => a.Key == "{OriginalFormat}") is not true) record.Body = ErrorText.Scrub(body);
            record.Attributes = [.. (record.Attributes ?? []).Where(a => ErrorText.IsOurs(a.Key) || a.Value is bool or byte or int or long or double or Enum or TimeSpan or Guid)];
            if (record.Exception is { } e)
            {
                record.Attributes = [.. record.Attributes, new("exception.type", e.GetType().FullName), new("exception.message", ErrorText.MessageOf(e)), new("exception.stacktrace", ErrorText.Stack(e))];
                record.Exception = null;
            }
        }
    }
}
