namespace Clientele.Timelines.Store;

/// <summary>What is known of customers now, mirrored: a dictionary-coded column by ordinal for each attribute.</summary>
internal sealed class Attributes
{
    private const int Most = 100;
    private readonly Dictionary<string, Column> columns = new(StringComparer.Ordinal);

    internal sealed class Column
    {
        private int[] codes = [];

        public ValueDictionary Values { get; } = new();

        public ReadOnlySpan<int> Codes => codes;

        public int this[int ordinal]
        {
            get => ordinal < codes.Length ? codes[ordinal] : 0;
            set
            {
                if (ordinal >= codes.Length)
                {
                    if (value == 0) return;
                    Array.Resize(ref codes, Math.Max(ordinal + 1, codes.Length + codes.Length / 2 + 64));
                }
                codes[ordinal] = value;
            }
        }

        public long Memory => codes.Length * 4L + Values.Memory;
    }

    public IEnumerable<(string Name, Column Column)> All => columns.Select(c => (c.Key, c.Value));

    /// <summary>Null: nobody has it.</summary>
    public Column? Find(string name) => columns.GetValueOrDefault(name);

    /// <summary>Some attributes found no column.</summary>
    public bool Full { get; private set; }

    public void Set(int ordinal, IReadOnlyList<KeyValuePair<string, string>> attributes)
    {
        foreach (var column in columns.Values) column[ordinal] = 0;
        foreach (var (name, value) in attributes)
        {
            if (!columns.TryGetValue(name, out var column))
            {
                if (columns.Count >= Most)
                {
                    Full = true;
                    continue;
                }
                columns.Add(name, column = new Column());
            }
            column[ordinal] = column.Values.Code(Vocabulary.Cut(value), out _);
        }
    }

    public long Memory => columns.Values.Sum(c => c.Memory);
}
