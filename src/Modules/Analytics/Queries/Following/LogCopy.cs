using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Analytics.Queries.Following;

/// <summary>A row of the log that changes what others mean; its properties as they are.</summary>
internal sealed record ControlRow(Guid Organization, string Type, string Properties);

/// <summary>
/// Reads the log as PostgreSQL's binary COPY sends it, straight into the stores: no object a row, as a rebuild reads millions.
/// </summary>
/// <param name="stores">Null: only control rows are looked at.</param>
internal sealed class LogCopy(Stream stream, Func<Guid, TimelineStore>? stores)
{
    /// <summary>What is copied, in the order it is read in.</summary>
    public const string Columns = """
        e.organization_id, e.customer_id, e.occurred_at, e.event_type, e.event_category, e.event_value, e.batch_id, e.epoch, e.writer, e.position, e.properties,
        e.country, e.city, e.device_type, e.browser, e.os, e.utm_source, e.utm_medium, e.utm_campaign, e.currency, e.data_source
        """;

    private const int FixedColumns = 11;
    public const int HeaderLength = 19;
    private const long Year2000 = 946_684_800_000_000;
    private static readonly string[] fields = ["f:country", "f:city", "f:device_type", "f:browser", "f:os", "f:utm_source", "f:utm_medium", "f:utm_campaign", "f:currency", "f:data_source"];

    private byte[] buffer = new byte[1 << 20];
    private int start, end;
    private byte[] nameBuffer = new byte[256], valueBuffer = new byte[4096];
    private int[] columns = [];
    private TimelineStore? store;
    private Guid organization;
    private (int Start, int Length) row;

    /// <summary>Where the last row stood.</summary>
    public LogPlace Place { get; private set; }

    /// <summary>Rows read so far, control rows included.</summary>
    public long Rows { get; private set; }

    /// <summary>Whose the last row is.</summary>
    public Guid Organization => organization;

    /// <summary>The last row as it came, while it is looked at.</summary>
    public ReadOnlySpan<byte> LastRow => buffer.AsSpan(row.Start, row.Length);

    /// <summary>The profile of the last event, and its organization.</summary>
    public (Guid Organization, Guid? Profile) About { get; private set; }

    /// <summary>Reads to the end. Control rows are given to <paramref name="control"/> where they stand.</summary>
    /// <param name="room">Called every few thousand rows, to make room for more.</param>
    /// <param name="rows">Called after every event.</param>
    public async Task Read(Func<ControlRow, Task> control, Action rows, CancellationToken ct, Func<Task>? room = null)
    {
        await Fill(HeaderLength, ct);
        start += HeaderLength;
        while (true)
        {
            await Fill(2, ct);
            if (BinaryPrimitives.ReadInt16BigEndian(buffer.AsSpan(start)) < 0) return;
            int length;
            while (!HasRow(out length)) await Fill(length, ct);
            row = (start, length);
            var read = Row();
            start = row.Start + length;
            if (read is not null) await control(read);
            else rows();
            if ((++Rows & 0xfff) == 0 && room is not null) await room();
        }
    }

    private bool HasRow(out int wanted)
    {
        var at = start + 2;
        for (var i = 0; i < FixedColumns + fields.Length; i++)
        {
            wanted = at + 4 - start;
            if (wanted > end - start) return false;
            at += 4 + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at)));
        }
        wanted = at - start;
        return wanted <= end - start;
    }

    private async Task Fill(int wanted, CancellationToken ct)
    {
        while (end - start < wanted)
        {
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
            }
            if (wanted > buffer.Length) Array.Resize(ref buffer, Math.Max(wanted, buffer.Length * 2));
            var read = await stream.ReadAsync(buffer.AsMemory(end), ct);
            if (read == 0) throw new EndOfStreamException("The log's rows ended in the middle of one.");
            end += read;
        }
    }

    private ControlRow? Row()
    {
        start += 2;
        Next(out var of);
        var id = new Guid(of, bigEndian: true);
        if (store is null || id != organization) Of(id);
        Guid? profile = Next(out var customer) ? new Guid(customer, bigEndian: true) : null;
        Next(out var time);
        var micros = Micros(BinaryPrimitives.ReadInt64BigEndian(time));
        Next(out var type);
        Next(out var category);
        var value = Next(out var money) ? Money(money) : Numbers.None;
        Guid? batch = Next(out var import) ? new Guid(import, bigEndian: true) : null;
        Next(out var epoch);
        Next(out var writer);
        Next(out var position);
        Place = new LogPlace(BinaryPrimitives.ReadInt16BigEndian(epoch), BinaryPrimitives.ReadUInt64BigEndian(writer), BinaryPrimitives.ReadInt64BigEndian(position));
        Next(out var properties);
        if (category.SequenceEqual("control"u8) || category.SequenceEqual("state"u8))
        {
            var row = new ControlRow(organization, Encoding.UTF8.GetString(type), Encoding.UTF8.GetString(properties[1..]));
            return row;
        }
        About = (id, profile);
        if (store is null) return null;
        Properties(properties[1..]);
        foreach (var column in columns)
            if (Next(out var text)) store.Property(column, text);
        store.Event(profile, micros, type, batch, value, Place.Writer, Place.Position);
        return null;
    }

    /// <returns>False for null.</returns>
    private bool Next(out ReadOnlySpan<byte> value)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(start));
        start += 4;
        value = length < 0 ? [] : buffer.AsSpan(start, length);
        start += Math.Max(0, length);
        return length >= 0;
    }

    private void Of(Guid id)
    {
        (organization, store) = (id, stores?.Invoke(id));
        if (store is not null) columns = Array.ConvertAll(fields, store.ColumnOf);
    }

    private void Properties(ReadOnlySpan<byte> json)
    {
        if (json.Length <= 2) return;
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref reader, ref nameBuffer);
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) reader.Skip();
            else if (reader.TokenType == JsonTokenType.String) store!.Property(name, Text(ref reader, ref valueBuffer));
            else if (reader.TokenType != JsonTokenType.Null) store!.Property(name, reader.ValueSpan);
        }
    }

    // Mostly there are no escapes, and the text stands there as it is.
    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader, ref byte[] unescaped)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        if (unescaped.Length < reader.ValueSpan.Length) unescaped = new byte[reader.ValueSpan.Length * 2];
        return unescaped.AsSpan(0, reader.CopyString(unescaped));
    }

    // PostgreSQL counts from 2000, and has both infinities.
    private static long Micros(long since2000) => since2000 switch
    {
        long.MaxValue => long.MaxValue,
        long.MinValue => 0,
        _ => since2000 + Year2000,
    };

    /// <summary>A numeric(14, 2) in its binary form, digits of base 10,000, in millionths.</summary>
    internal static long Money(ReadOnlySpan<byte> numeric)
    {
        var digits = BinaryPrimitives.ReadInt16BigEndian(numeric);
        var weight = BinaryPrimitives.ReadInt16BigEndian(numeric[2..]);
        var sign = BinaryPrimitives.ReadUInt16BigEndian(numeric[4..]);
        if (sign is not (0 or 0x4000)) return Numbers.None;
        Int128 value = 0;
        for (var i = 0; i < digits; i++)
        {
            Int128 digit = BinaryPrimitives.ReadInt16BigEndian(numeric[(8 + 2 * i)..]);
            for (var w = weight - i; w > 0; w--) digit *= 10_000;
            // One place behind the point is a ten-thousandth.
            value += weight - i >= 0 ? digit * Numbers.Scale : weight - i == -1 ? digit * (Numbers.Scale / 10_000) : 0;
        }
        return (long)(sign == 0 ? value : -value);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rows} rows up to {Place}");
}

/// <summary>One organization's rows of a copy, as a copy of their own.</summary>
internal sealed class RowsOfOne
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    // Nobody looks at what stands in the header.
    public RowsOfOne() => bytes.Write(new byte[LogCopy.HeaderLength].AsSpan());

    public void Add(ReadOnlySpan<byte> row) => bytes.Write(row);

    /// <summary>To be read once, when all rows are there.</summary>
    public Stream Stream()
    {
        bytes.Write<byte>([0xff, 0xff]);
        return new MemoryStream(bytes.WrittenSpan.ToArray());
    }
}
