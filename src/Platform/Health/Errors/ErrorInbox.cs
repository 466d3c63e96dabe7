using System.Diagnostics;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Keys;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Health.Errors;

/// <summary>Says of which organization what is logged under it is: <c>using (logger.BeginScope(new OrganizationScope(id)))</c>.</summary>
public sealed record OrganizationScope(Guid OrganizationId)
{
    /// <summary>For a console that prints scopes.</summary>
    public override string ToString() => $"organization {OrganizationId}";
}

/// <summary>
/// Everything the server logs as an error: failed requests, runs, consumers. It is grouped here, in memory, so that a storm of the same
/// error is a number and no flood; <see cref="ErrorWriter"/> takes it to the database every few seconds. Nothing here waits, and a
/// thousandth different error between two times is only counted.
/// </summary>
internal sealed class ErrorInbox(IHttpContextAccessor contexts, Node node, TimeProvider clock) : ILoggerProvider, ISupportExternalScope
{
    private const int MostGroups = 1000;
    private const int MostSamples = 3;

    private readonly Lock one = new();
    private Dictionary<(Guid?, string), Group> groups = [];
    private IExternalScopeProvider? scopes;
    private long dropped;

    /// <summary>Errors that were too many to tell apart, since the start.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Groups that wait for the writer.</summary>
    public int Waiting
    {
        get { lock (one) return groups.Count; }
    }

    /// <summary>One occurrence, as it is written.</summary>
    internal sealed record Sample(DateTimeOffset At, string Message, string? Stack, string? Request, Dictionary<string, string> Context);

    /// <summary>The same error, so many times.</summary>
    internal sealed class Group
    {
        public required Guid? Organization { get; init; }
        public required string Fingerprint { get; init; }
        public required string Source { get; init; }
        public required string ErrorType { get; init; }
        public required string Message { get; init; }
        public required string? Place { get; init; }
        public required string Severity { get; init; }
        public required DateTimeOffset FirstAt { get; set; }
        public DateTimeOffset LastAt { get; set; }
        public long Times { get; set; }
        public List<Sample> Samples { get; } = [];
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    public void Dispose() { }

    /// <summary>Takes what has come together.</summary>
    public IReadOnlyList<Group> Take()
    {
        lock (one)
        {
            var taken = groups.Values.ToList();
            groups = [];
            return taken;
        }
    }

    /// <summary>Gives back what could not be written.</summary>
    public void Return(IEnumerable<Group> taken)
    {
        foreach (var group in taken) Add(group);
    }

    private void Add(Group group)
    {
        lock (one)
        {
            if (groups.TryGetValue((group.Organization, group.Fingerprint), out var known))
            {
                known.Times += group.Times;
                known.FirstAt = known.FirstAt < group.FirstAt ? known.FirstAt : group.FirstAt;
                known.LastAt = known.LastAt > group.LastAt ? known.LastAt : group.LastAt;
                known.Samples.AddRange(group.Samples.Take(MostSamples - known.Samples.Count));
                return;
            }
            if (groups.Count < MostGroups)
            {
                groups.Add((group.Organization, group.Fingerprint), group);
                return;
            }
        }
        Interlocked.Add(ref dropped, group.Times);
        PlatformFigures.ErrorDropped();
    }

    private void Take<TState>(string category, LogLevel level, EventId id, TState state, Exception? exception)
    {
        var at = clock.GetUtcNow();
        var values = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
        // The sentence as it stands in the code, without what was filled in.
        var template = values.FirstOrDefault(v => v.Key == "{OriginalFormat}").Value as string ?? ErrorText.Scrub(state?.ToString() ?? string.Empty);
        var context = new Dictionary<string, string> { ["log"] = ErrorText.Shorten(template, 500), ["logger"] = category, ["node"] = node.Name };
        foreach (var (name, value) in values)
            if (name[0] != '{' && ErrorText.IsOurs(name) && value is not null) context[name.ToLowerInvariant()] = ErrorText.Shorten(value.ToString() ?? string.Empty, 200);

        var (organization, request) = (OrganizationOfScope(), Activity.Current?.TraceId.ToString());
        if (contexts.HttpContext is { } http)
        {
            organization ??= http.RequestServices?.GetService<Caller>()?.OrganizationId ?? KeyUse.OrganizationOf(http);
            request ??= http.TraceIdentifier;
            context["method"] = ErrorText.Shorten(http.Request.Method, 20);
            // The route and not the address: that may hold an id or a name.
            if (RouteOf(http) is { } route) context["route"] = route;
        }
        var place = exception is null ? category : ErrorText.Place(exception);
        var type = exception?.GetType().FullName ?? (id.Name is { Length: > 0 } name2 ? name2 : category);
        var message = exception is null ? ErrorText.Shorten(template, 500) : ErrorText.MessageOf(exception);
        var group = new Group
        {
            Organization = organization,
            Fingerprint = ErrorText.Fingerprint(type, place, message),
            Source = ErrorText.Source(place ?? category),
            ErrorType = ErrorText.Shorten(type, 200),
            Message = message,
            Place = place,
            Severity = level == LogLevel.Critical ? "critical" : "error",
            FirstAt = at,
            LastAt = at,
            Times = 1,
        };
        group.Samples.Add(new Sample(at, message, exception is null ? null : ErrorText.Stack(exception), request, context));
        PlatformFigures.Error(group.Source, group.Severity);
        Add(group);
    }

    // The handler of exceptions takes the endpoint away before it is called.
    private static string? RouteOf(HttpContext http) =>
        (http.Features.Get<Microsoft.AspNetCore.Diagnostics.IExceptionHandlerPathFeature>()?.Endpoint ?? http.GetEndpoint()) is RouteEndpoint { RoutePattern.RawText: { } route } ? route : null;

    private Guid? OrganizationOfScope()
    {
        Guid? found = null;
        scopes?.ForEachScope((scope, _) => { if (scope is OrganizationScope { OrganizationId: var id }) found = id; }, (object?)null);
        return found;
    }

    private sealed class Logger(ErrorInbox inbox, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is LogLevel.Error or LogLevel.Critical;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) inbox.Take(category, logLevel, eventId, state, exception);
        }
    }
}
