using System.Text;
using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>
/// The outside of a request's body: where its events are, and what holds for all of them. A first pass finds it, since a
/// sender may put the write key and the time of sending after the events.
/// </summary>
internal sealed class Envelope
{
    // The depth of what is inside is judged event by event: one that is too deep must not keep the others.
    private static readonly JsonReaderOptions options = new() { MaxDepth = int.MaxValue };

    public required byte[] Body { get; init; }
    public bool Repaired { get; init; }

    /// <summary>The array of events; null when the body is one event.</summary>
    public (int Start, int Length)? Batch { get; private set; }
    public string? WriteKey { get; private set; }
    public string? SentAt { get; private set; }

    /// <summary>The members of the batch's context and integrations, without braces, ready to stand before an item's own.</summary>
    public byte[] Context { get; private set; } = [];
    public byte[] Integrations { get; private set; } = [];

    /// <exception cref="JsonException">It is no JSON object, or array of such.</exception>
    public static Envelope Read(byte[] body)
    {
        if (body.AsSpan().StartsWith("\uFEFF"u8)) body = body[3..];
        // Bytes that are no UTF-8 become replacement characters: better an event with a mark than none.
        var repaired = !System.Text.Unicode.Utf8.IsValid(body);
        if (repaired) body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body));
        var envelope = new Envelope { Body = body, Repaired = repaired };
        envelope.Find();
        return envelope;
    }

    private void Find()
    {
        var reader = new Utf8JsonReader(Body, options);
        if (!reader.Read()) throw new JsonException("There is nothing in the body.");
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Skip();
            Batch = (0, Body.Length);
        }
        else if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("The body is no object.");
        else
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject) Member(ref reader);
        }
        if (reader.Read()) throw new JsonException("Something stands after the end.");
    }

    private void Member(ref Utf8JsonReader reader)
    {
        var name = reader.ValueSpan;
        var (batch, context, integrations) = (name.SequenceEqual("batch"u8), name.SequenceEqual("context"u8), name.SequenceEqual("integrations"u8));
        var key = name.SequenceEqual("writeKey"u8) || name.SequenceEqual("write_key"u8) || name.SequenceEqual("api_key"u8) || name.SequenceEqual("token"u8);
        var sent = name.SequenceEqual("sentAt"u8) || name.SequenceEqual("sent_at"u8);
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        if (key && reader.TokenType == JsonTokenType.String) WriteKey = JsonText.Text(ref reader);
        if (sent && reader.TokenType == JsonTokenType.String) SentAt = JsonText.Text(ref reader);
        var (array, inner) = (reader.TokenType == JsonTokenType.StartArray, reader.TokenType == JsonTokenType.StartObject);
        reader.Skip();
        var length = (int)reader.BytesConsumed - start;
        if (batch && array) Batch = (start, length);
        if (context && inner) Context = Members(start, length);
        if (integrations && inner) Integrations = Members(start, length);
    }

    private byte[] Members(int start, int length)
    {
        var safe = JsonText.Safe(Encoding.UTF8.GetString(Body, start, length));
        return safe is null ? [] : Encoding.UTF8.GetBytes(safe.Trim()[1..^1].Trim());
    }

    /// <summary>The events of the body, each as a range of it; what is no object has length 0 and its place.</summary>
    public List<(int Start, int Length, bool IsObject)> Items()
    {
        if (Batch is not { } batch) return [(0, Body.Length, true)];
        var items = new List<(int, int, bool)>();
        var reader = new Utf8JsonReader(Body.AsSpan(batch.Start, batch.Length), options);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            items.Add((batch.Start + start, (int)reader.BytesConsumed - start, isObject));
        }
        return items;
    }
}
