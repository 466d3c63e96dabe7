using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Clientele.Events.Collection;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Npgsql;

namespace Clientele.Events.Imports;

/// <summary>
/// Events from a file: JSON lines that are messages as SDKs send them, or a table with a column for each part. They go the
/// way of collected events: the same reading, the same people, the same rules.
/// </summary>
internal sealed class EventImporter : IImporter
{
    private const int EventsPerGroup = 1000;

    public string Kind => "events";

    public IReadOnlyList<string> Tables { get; } = ["events.staged_events", "log.events_history"];

    public IReadOnlyList<ImportField> Fields { get; } =
    [
        new("message", "Whole message", "Of JSON lines the column \"$\": the line is a message as SDKs send it, and needs no other column.", false, FieldKind.Text, 1024 * 1024),
        new("event", "Event", "What happened: Order Completed.", false, FieldKind.Text, 200) { Words = ["event", "eventname", "eventtype", "evenement", "nomevenement"] },
        new("type", "Call", "track, identify, page, screen, group or alias; track where there is none.", false, FieldKind.Text, 20) { Words = ["type", "call"] },
        new("userId", "User", "The customer's id in your own system.", false, FieldKind.Text, 1000) { Words = ["userid", "customerid", "distinctid", "idutilisateur", "utilisateur", "idclient"] },
        new("anonymousId", "Visitor", "The id of the browser or device.", false, FieldKind.Text, 1000) { Words = ["anonymousid", "visitorid", "clientid", "idvisiteur", "visiteur"] },
        new("timestamp", "Time", "When it happened; the time of the import where it is empty.", false, FieldKind.Time) { Words = ["timestamp", "originaltimestamp", "occurredat", "time", "date", "createdat", "horodatage", "dateetheure", "dateheure", "moment", "heure"] },
        new("messageId", "Message id", "The same id twice is one event. Without one, file and line stand for it.", false, FieldKind.Text, 200) { Words = ["messageid", "uuid", "eventid", "insertid", "idmessage"] },
        new("properties", "Properties", "A JSON object of what the event tells.", false, FieldKind.Text, 64 * 1024) { Words = ["properties", "attributes", "proprietes", "attributs"] },
        new("traits", "Traits", "A JSON object of what is told of the person (identify) or group.", false, FieldKind.Text, 64 * 1024) { Words = ["traits"] },
        new("context", "Context", "A JSON object: page, campaign, ip, userAgent…", false, FieldKind.Text, 64 * 1024) { Words = ["context", "contexte"] },
        new("groupId", "Group", "For group calls.", false, FieldKind.Text, 500) { Words = ["groupid", "idgroupe", "groupe"] },
    ];

    // What a line needs that is a message by itself.
    private static readonly string[] tellsWhat = ["type", "action", "event"];

    public IEnumerable<(string Path, string Message)> Faults(Mapping mapping)
    {
        if (mapping.Columns is null || !mapping.Columns.Keys.Any(c => c is "message" or "event" or "type"))
            yield return ("columns.event", "Say which column holds the event: columns.event or columns.type; or, of messages as SDKs send them, columns.message.");
    }

    /// <summary>JSON lines that are messages need no other column than the whole line.</summary>
    public Mapping Suggest(Mapping guessed, IReadOnlyList<string> columns) => columns is ["$", ..] && columns.Intersect(tellsWhat).Any()
        ? guessed with { Columns = new Dictionary<string, MappingColumn> { ["message"] = new("$") } }
        : guessed;

    private sealed record Line(long Number, string Message);

    private sealed record Staged(long Line, string Message);

    public (object? Line, string? Problem) Parse(BoundMapping mapping, long number, IReadOnlyDictionary<string, object?> values)
    {
        string? Text(string field) => (string?)values.GetValueOrDefault(field);
        JsonObject message;
        if (Text("message") is { } whole)
        {
            if (Object(whole) is not { } read) return (null, "The line is no JSON object.");
            message = read;
        }
        else message = [];
        foreach (var part in (string[])["properties", "traits", "context"])
        {
            if (Text(part) is not { } json) continue;
            if (Object(json) is not { } read) return (null, $"{part} is no JSON object.");
            message[part] = read;
        }
        foreach (var part in (string[])["event", "type", "userId", "anonymousId", "messageId", "groupId"])
            if (Text(part) is { } word) message[part] = word;
        if (values.GetValueOrDefault("timestamp") is DateTimeOffset time) message["timestamp"] = time.ToString("O", CultureInfo.InvariantCulture);
        if (message["type"] is null && message["action"] is null && message["event"] is null) return (null, "It does not say what happened: map event, or type.");
        return (new Line(number, message.ToJsonString()), null);
    }

    private static JsonObject? Object(string json)
    {
        try
        {
            // Of two members with one name the last counts; what jsonb refuses is escaped.
            if (JsonText.Safe(json) is not { } safe) return null;
            using var document = JsonDocument.Parse(safe, new JsonDocumentOptions { MaxDepth = 200 });
            if (document.RootElement.ValueKind != JsonValueKind.Object) return null;
            var read = new JsonObject();
            foreach (var member in document.RootElement.EnumerateObject()) read[member.Name] = JsonNode.Parse(member.Value.GetRawText(), null, new JsonDocumentOptions { MaxDepth = 200 });
            return read;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { return null; }
    }

    public IReadOnlyDictionary<string, string?> Describe(object line)
    {
        var message = JsonNode.Parse(((Line)line).Message, null, new JsonDocumentOptions { MaxDepth = 200 })!;
        return Fields.ToDictionary(f => f.Name, f => f.Name == "message" ? ((Line)line).Message : message[f.Name] is JsonValue word ? word.ToString() : message[f.Name]?.ToJsonString());
    }

    public Task Check(Db db, BoundMapping mapping, CancellationToken ct) => Task.CompletedTask;

    public Task Begin(Transaction t, BoundMapping mapping, CancellationToken ct) => Task.CompletedTask;

    public async Task Stage(Transaction t, ImportJob job, IReadOnlyList<object> lines, CancellationToken ct)
    {
        var rows = lines.Cast<Line>().ToList();
        await t.Run($"""
            insert into events.staged_events (organization_id, import_id, line, message)
            select {job.OrganizationId}, {job.Id}, n.line, n.message from unnest({rows.Select(r => r.Number).ToArray()}, {rows.Select(r => r.Message).ToArray()}) as n (line, message)
            """, ct);
    }

    public async Task<WrittenGroup> WriteNext(Transaction t, ImportJob job, CancellationToken ct)
    {
        var after = long.Parse(job.Cursor ?? "0", CultureInfo.InvariantCulture);
        var staged = await t.List<Staged>($"""
            delete from events.staged_events s
            where s.organization_id = {job.OrganizationId} and s.import_id = {job.Id} and s.line in (
                select n.line from events.staged_events n where n.organization_id = {job.OrganizationId} and n.import_id = {job.Id} and n.line > {after}
                order by n.line limit {EventsPerGroup})
            returning s.line, s.message
            """, ct);
        if (staged.Count == 0) return new WrittenGroup(0, 0, [], new Dictionary<string, long>(), job.Cursor);
        var source = await Sources.OfImport(t, job.WorkspaceId, ct);
        var arrival = new Arrival(source, TimeProvider.System.GetUtcNow(), null, null, false, Hints.None, null, null) { BatchId = job.Id, DataSource = "import" };
        var rejected = new List<RejectedLine>();
        var events = new List<(long Line, CollectedEvent Event)>();
        foreach (var line in staged.OrderBy(s => s.Line))
        {
            var body = Encoding.UTF8.GetBytes(line.Message);
            var (read, problem, _, message) = new EventReader(body, Envelope.Read(body), arrival).Read(null, postHog: false);
            if (read is null) rejected.Add(new RejectedLine(line.Line, problem!, []));
            else events.Add((line.Line, message is null ? read.Named(MessageOf(job, line.Line)) : read));
        }
        await WriteAll(t, source.Settings, events, rejected, ct);
        var duplicates = events.Count(e => e.Event.Fate == Fate.Duplicate);
        return new WrittenGroup(staged.Count, duplicates, rejected, new Dictionary<string, long>
        {
            ["events"] = events.Count(e => e.Event.Fate == Fate.Stored),
            ["dropped"] = events.Count(e => e.Event.Fate == Fate.Dropped),
        }, staged.Max(s => s.Line).ToString(CultureInfo.InvariantCulture));
    }

    // One that PostgreSQL refuses becomes a rejected line; the others of its group are written.
    private static async Task WriteAll(Transaction t, CollectionSettings settings, List<(long Line, CollectedEvent Event)> events, List<RejectedLine> rejected, CancellationToken ct, bool again = false)
    {
        if (events.Count == 0) return;
        await t.Run($"savepoint events", ct);
        try
        {
            await WriteEvents.Write(t, settings, events.ConvertAll(e => e.Event), [], ct);
            await t.Run($"release savepoint events", ct);
        }
        catch (PostgresException e) when (e.SqlState[..2] is "22" or "23" or "54" or "CL")
        {
            await t.Run($"rollback to savepoint events", ct);
            if (events.Count == 1 && !again && WriteEvents.MayPass(e)) await WriteAll(t, settings, events, rejected, ct, again: true);
            else if (events.Count == 1)
            {
                events[0].Event.Fate = Fate.Quarantined;
                rejected.Add(new RejectedLine(events[0].Line, $"PostgreSQL refused it: {e.MessageText}", []));
            }
            else
            {
                await WriteAll(t, settings, events[..(events.Count / 2)], rejected, ct);
                await WriteAll(t, settings, events[(events.Count / 2)..], rejected, ct);
            }
        }
    }

    public async Task<long> UndoNext(Transaction t, ImportJob job, CancellationToken ct)
    {
        // The events themselves stay in the log and count no more; the lines may come again with the same file.
        return await t.One<long>($"select log.forget_messages({Prefix(job)})", ct);
    }

    public async Task DropStaged(Transaction t, ImportJob job, CancellationToken ct) => await t.Run($"delete from events.staged_events s where s.organization_id = {job.OrganizationId} and s.import_id = {job.Id}", ct);

    private static string Prefix(ImportJob job) => $"file:{Convert.ToHexStringLower(job.Sha256.AsSpan(0, 16))}:";

    private static string MessageOf(ImportJob job, long line) => string.Create(CultureInfo.InvariantCulture, $"{Prefix(job)}{line}");
}
