using System.Buffers;
using System.Text;

namespace Clientele.Timelines.Store;

/// <summary>
/// The columns of an organization's events and the values in them: types of events, imports, fields, properties. Kept in a file that only grows;
/// the manifest says how much of it counts.
/// </summary>
internal sealed class Vocabulary
{
    public const int Types = 0;
    public const int Batches = 1;

    /// <summary>More properties than this are not made columns.</summary>
    public const int MostColumns = 200;

    /// <summary>Longer values are cut, to so many characters.</summary>
    public const int LongestValue = 200;

    private const ushort NewColumn = 0xffff;
    private const ushort ClosedColumn = 0xfffe;

    private readonly List<ValueDictionary> dictionaries = [];
    private readonly List<string> names = [];
    private readonly Dictionary<string, int> columns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly ArrayBufferWriter<byte> unsaved = new();

    public Vocabulary()
    {
        lookup = columns.GetAlternateLookup<ReadOnlySpan<char>>();
        Declare("types");
        Declare("batches");
        unsaved.ResetWrittenCount();
    }

    public int Columns => names.Count;

    public ValueDictionary this[int column] => dictionaries[column];

    public string Name(int column) => names[column];

    /// <summary>−1: there is none.</summary>
    public int Find(ReadOnlySpan<char> name) => lookup.TryGetValue(name, out var column) ? column : -1;

    /// <summary>The column of a name, made when it is new; −1 when there are too many.</summary>
    public int Column(ReadOnlySpan<char> name)
    {
        if (lookup.TryGetValue(name, out var column)) return column;
        if (names.Count >= MostColumns + 2)
        {
            Full = true;
            return -1;
        }
        return Declare(name.ToString());
    }

    /// <summary>Some properties found no column: what is not a column may still be in the log.</summary>
    public bool Full { get; private set; }

    public int Code(int column, ReadOnlySpan<char> value)
    {
        var dictionary = dictionaries[column];
        var wasClosed = dictionary.Closed;
        var code = dictionary.Code(Cut(value), out var added);
        if (added) Append((ushort)column, dictionary.Text(code)!);
        else if (dictionary.Closed && !wasClosed) Append(ClosedColumn, names[column]);
        return code;
    }

    /// <summary>The first 200 characters, a pair of surrogates being one.</summary>
    public static ReadOnlySpan<char> Cut(ReadOnlySpan<char> value)
    {
        if (value.Length <= LongestValue) return value;
        var end = 0;
        for (var n = 0; n < LongestValue && end < value.Length; n++) end += char.IsHighSurrogate(value[end]) && end + 1 < value.Length ? 2 : 1;
        return value[..end];
    }

    /// <summary>Writes what is new behind the first <paramref name="at"/> bytes of the file; returns its new length.</summary>
    public long Save(string path, long at)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
        file.SetLength(at);
        file.Position = at;
        file.Write(unsaved.WrittenSpan);
        file.Flush(flushToDisk: true);
        unsaved.ResetWrittenCount();
        return file.Length;
    }

    public void Load(string path, long length)
    {
        if (length == 0) return;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        if (file.Length < length) throw new InvalidDataException($"{path} is shorter than its manifest says.");
        using var reader = new BinaryReader(new BufferedStream(file, 1 << 16));
        for (long read = 0; read < length;)
        {
            var (column, size) = (reader.ReadUInt16(), reader.ReadUInt16());
            var text = Encoding.UTF8.GetString(reader.ReadBytes(size));
            read += 4 + size;
            if (column == NewColumn) Declare(text);
            else if (column == ClosedColumn) dictionaries[columns[text]].Close();
            else dictionaries[column].Add(text);
        }
        unsaved.ResetWrittenCount();
    }

    public long Memory => dictionaries.Sum(d => d.Memory);

    private int Declare(string name)
    {
        columns.Add(name, names.Count);
        names.Add(name);
        dictionaries.Add(new ValueDictionary());
        Append(NewColumn, name);
        return names.Count - 1;
    }

    private void Append(ushort column, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        unsaved.Write(BitConverter.GetBytes(column));
        unsaved.Write(BitConverter.GetBytes((ushort)bytes.Length));
        unsaved.Write(bytes);
    }
}
