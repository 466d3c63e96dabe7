using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Clientele.Platform.Problems;
using CsvHelper;
using CsvHelper.Configuration;

namespace Clientele.Platform.Imports;

/// <summary>A record of the file and the number of the line it begins on.</summary>
internal readonly record struct RawRecord(long Line, string[] Fields);

/// <summary>
/// Reads the records of a stored file one after another: lines with a delimiter under a header, or one JSON object a line
/// (the delimiter <see cref="JsonLines"/>). Of those the first thousand lines tell which columns there are; the column "$" is the whole line.
/// </summary>
internal sealed class RecordReader : IDisposable
{
    /// <summary>The word that stands for a delimiter in a mapping of JSON lines.</summary>
    public const string JsonLines = "json";

    private const int LinesThatTell = 1000;
    private const int DeepestColumn = 2;

    private readonly CsvParser parser;
    private readonly StreamReader text;
    private readonly Queue<RawRecord>? ahead;
    private long jsonLine;

    private RecordReader(StreamReader text, CsvParser parser, string[] columns, Queue<RawRecord>? ahead = null) => (this.text, this.parser, Columns, this.ahead) = (text, parser, columns, ahead);

    /// <summary>The names in the header.</summary>
    public string[] Columns { get; }

    public static async Task<RecordReader> Open(Stream gzipped, string delimiter, string encoding)
    {
        var text = new StreamReader(new GZipStream(gzipped, CompressionMode.Decompress), MappingRules.TextEncoding(encoding)!, detectEncodingFromByteOrderMarks: true, bufferSize: 128 * 1024);
        var json = delimiter == JsonLines;
        var parser = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = json ? "," : delimiter,
            // A stray quote inside a field (6" ruler) is part of the text, not an error.
            BadDataFound = null,
            // Skipped here instead, so that lines keep their numbers.
            IgnoreBlankLines = false,
            MaxFieldSize = FileScan.LongestLine,
            BufferSize = 64 * 1024,
        });
        if (json) return await OpenJson(text, parser);
        var reader = new RecordReader(text, parser, []);
        var header = await reader.Next() ?? throw new Problem(400, "file_empty", "The file has no header line.");
        return new RecordReader(text, parser, [.. header.Fields.Select(f => f.Trim())]);
    }

    private static async Task<RecordReader> OpenJson(StreamReader text, CsvParser parser)
    {
        var reader = new RecordReader(text, parser, ["$"], new());
        var first = new Queue<RawRecord>();
        var columns = new List<string> { "$" };
        var known = new HashSet<string>(StringComparer.Ordinal);
        while (first.Count < LinesThatTell && await reader.NextLine() is { } record)
        {
            first.Enqueue(record);
            foreach (var (name, _) in Flat(record.Fields[0]))
                if (columns.Count < 500 && known.Add(name)) columns.Add(name);
        }
        return new RecordReader(text, parser, [.. columns], first) { jsonLine = reader.jsonLine };
    }

    private async Task<RawRecord?> NextLine()
    {
        try
        {
            string? line;
            do
            {
                if ((line = await text.ReadLineAsync()) is null) return null;
                jsonLine++;
            }
            while (string.IsNullOrWhiteSpace(line));
            return new RawRecord(jsonLine, [line]);
        }
        catch (DecoderFallbackException)
        {
            throw new Problem(400, "wrong_encoding", $"The file is not in the encoding the mapping states (near line {jsonLine + 1}). Save it as UTF-8.");
        }
        catch (InvalidDataException)
        {
            throw new Problem(400, "file_damaged", "The compressed file is damaged. Compress and upload it again.");
        }
    }

    // A line that is no object has one column, itself: the importer says what is wrong with it.
    private RawRecord Split(RawRecord record)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in Flat(record.Fields[0])) values[name] = value;
        return record with { Fields = [record.Fields[0], .. Columns.Skip(1).Select(c => values.GetValueOrDefault(c, string.Empty))] };
    }

    private static List<(string Name, string Value)> Flat(string line)
    {
        var found = new List<(string, string)>();
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 200 });
            if (document.RootElement.ValueKind == JsonValueKind.Object) Add(document.RootElement, string.Empty, 1);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { return []; }
        return found;

        void Add(JsonElement of, string prefix, int depth)
        {
            foreach (var member in of.EnumerateObject())
            {
                var name = prefix + member.Name;
                found.Add((name, member.Value.ValueKind switch { JsonValueKind.String => member.Value.GetString()!, JsonValueKind.Null => string.Empty, _ => member.Value.GetRawText() }));
                if (member.Value.ValueKind == JsonValueKind.Object && depth < DeepestColumn) Add(member.Value, name + ".", depth + 1);
            }
        }
    }

    /// <summary>The next record, or null at the end.</summary>
    /// <exception cref="Problem">The text cannot be read on: a wrong encoding, or quotes that never close.</exception>
    public async Task<RawRecord?> Next()
    {
        if (ahead is not null) return ahead.TryDequeue(out var waiting) ? Split(waiting) : await NextLine() is { } next ? Split(next) : null;
        var line = parser.RawRow + 1L;
        try
        {
            do
            {
                line = parser.RawRow + 1L;
                if (!await parser.ReadAsync()) return null;
            }
            while (parser.Record is [""]);
        }
        catch (MaxFieldSizeException)
        {
            throw new Problem(400, "line_too_long", $"A field that begins near line {line} is longer than 1 MB. A quote is opened there and never closed, or the delimiter is wrong.");
        }
        catch (DecoderFallbackException)
        {
            throw new Problem(400, "wrong_encoding", $"The file is not in the encoding the mapping states (near line {line}). Set format.encoding to windows-1252, or save the file as UTF-8.");
        }
        catch (InvalidDataException)
        {
            throw new Problem(400, "file_damaged", "The compressed file is damaged. Compress and upload it again.");
        }
        // A quote that never closes swallows all lines to the end of the file.
        if (parser.RawRow > line && parser.RawRecord.Count(c => c == '"') % 2 != 0)
            throw new Problem(400, "quote_not_closed", $"A quote is opened near line {line} and never closed, so the rest of the file would be one field. Close it, or double it if it is part of the text.");
        return new RawRecord(line, parser.Record!);
    }

    public void Dispose()
    {
        parser.Dispose();
        text.Dispose();
    }
}
