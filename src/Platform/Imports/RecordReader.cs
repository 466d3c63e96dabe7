using System.Globalization;
using System.IO.Compression;
using System.Text;
using Clientele.Platform.Problems;
using CsvHelper;
using CsvHelper.Configuration;

namespace Clientele.Platform.Imports;

/// <summary>A record of the file and the number of the line it begins on.</summary>
internal readonly record struct RawRecord(long Line, string[] Fields);

/// <summary>Reads the records of a stored file one after another.</summary>
internal sealed class RecordReader : IDisposable
{
    private readonly CsvParser parser;
    private readonly StreamReader text;

    private RecordReader(StreamReader text, CsvParser parser, string[] columns) => (this.text, this.parser, Columns) = (text, parser, columns);

    /// <summary>The names in the header.</summary>
    public string[] Columns { get; }

    public static async Task<RecordReader> Open(Stream gzipped, string delimiter, string encoding)
    {
        var text = new StreamReader(new GZipStream(gzipped, CompressionMode.Decompress), MappingRules.TextEncoding(encoding)!, detectEncodingFromByteOrderMarks: true, bufferSize: 128 * 1024);
        var parser = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter,
            // A stray quote inside a field (6" ruler) is part of the text, not an error.
            BadDataFound = null,
            // Skipped here instead, so that lines keep their numbers.
            IgnoreBlankLines = false,
            MaxFieldSize = FileScan.LongestLine,
            BufferSize = 64 * 1024,
        });
        var reader = new RecordReader(text, parser, []);
        var header = await reader.Next() ?? throw new Problem(400, "file_empty", "The file has no header line.");
        return new RecordReader(text, parser, [.. header.Fields.Select(f => f.Trim())]);
    }

    /// <summary>The next record, or null at the end.</summary>
    /// <exception cref="Problem">The text cannot be read on: a wrong encoding, or quotes that never close.</exception>
    public async Task<RawRecord?> Next()
    {
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
