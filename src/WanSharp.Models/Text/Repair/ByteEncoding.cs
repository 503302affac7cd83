using System.Globalization;

namespace WanSharp.Models.Text.Repair;

/// <summary>
/// An encoding of one byte a character, as programs use it: bytes without a character stand for the code point of the same
/// number. Thread-safe.
/// </summary>
internal sealed class ByteEncoding
{
    private const char Substitute = '\u001A',
        Replacement = '\uFFFD';
    private const int FirstListed = 0x80;

    private static readonly Lazy<IReadOnlyList<ByteEncoding>> Listed = new(ReadAll);

    private readonly Dictionary<char, char> _bytes = [];
    private readonly string _upper;

    private ByteEncoding(string name, string upper)
    {
        (Name, _upper) = (name, upper);
        for (var i = 0; i < FirstListed; i++)
        {
            _bytes[(char)i] = (char)i;
        }

        for (var i = 0; i < upper.Length; i++)
        {
            _bytes[upper[i]] = (char)(FirstListed + i);
        }

        // The encodings of Windows lose what they lack: the byte that their programs write for it is kept for it.
        if (LosesText)
        {
            _bytes.Remove(Substitute);
            _bytes[Replacement] = Substitute;
        }
    }

    /// <summary>All that text is wrongly read with, the likely ones first.</summary>
    public static IReadOnlyList<ByteEncoding> All => Listed.Value;

    /// <summary>ISO 8859-1: each byte is the code point of its number.</summary>
    public static ByteEncoding Latin1 => All[0];

    /// <summary>Windows-1252, Latin-1 with letters in the place of control characters.</summary>
    public static ByteEncoding Windows1252 => All[1];

    /// <summary>Its name as Python has it.</summary>
    public string Name { get; }

    /// <summary>Whether the programs that use it write a substitute for what it lacks.</summary>
    public bool LosesText => Name.StartsWith("windows", StringComparison.Ordinal);

    /// <summary>The text as bytes, each as a character from 0 to 255; null if it has a character that the encoding lacks.</summary>
    public string? Encode(string text)
    {
        var bytes = new char[text.Length];
        for (var i = 0; i < text.Length; i++)
        {
            if (!_bytes.TryGetValue(text[i], out bytes[i]))
            {
                return null;
            }
        }

        return new string(bytes);
    }

    /// <summary>The character of a byte.</summary>
    public char Decode(char value) => value < FirstListed ? value : _upper[value - FirstListed];

    /// <summary>Reads the table: a line an encoding, its name and the code points of bytes 0x80 to 0xFF.</summary>
    private static List<ByteEncoding> ReadAll()
    {
        using var stream = typeof(ByteEncoding).Assembly.GetManifestResourceStream(typeof(ByteEncoding), "byte-encodings.txt")!;
        using var reader = new StreamReader(stream);
        var all = new List<ByteEncoding>();
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            all.Add(
                new ByteEncoding(
                    fields[0],
                    string.Concat(
                        fields[1..].Select(code => (char)int.Parse(code, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
                    )
                )
            );
        }

        return all;
    }
}
