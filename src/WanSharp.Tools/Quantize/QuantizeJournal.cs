using System.Globalization;
using System.Text;
using System.Text.Json;
using WanSharp.Storage;

namespace WanSharp.Tools.Quantize;

/// <summary>
/// What was measured of a model, a line for each, written as it is measured: a run that is killed loses one measurement. Whatever is
/// not a whole line is ignored. For one process at a time.
/// </summary>
internal sealed class QuantizeJournal : IDisposable
{
    private readonly Dictionary<string, double> _known = new(StringComparer.Ordinal);
    private readonly FileStream _file;

    private QuantizeJournal(FileStream file) => _file = file;

    /// <summary>The measurements of a model, in a folder of the cache.</summary>
    /// <param name="cacheFolder">The cache.</param>
    /// <param name="about">All that a measurement depends on.</param>
    /// <exception cref="IOException">Another process measures the same, or the folder cannot be written.</exception>
    public static QuantizeJournal Open(string cacheFolder, string about)
    {
        var folder = Path.Combine(cacheFolder, "quantize");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Digests.OfText(about)}.jsonl");
        try
        {
            var journal = new QuantizeJournal(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            journal.Read();
            return journal;
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IOException($"{path} is in use: the model is being quantized with these prompts by another process.", e);
        }
    }

    /// <summary>A measurement; null if it was not made.</summary>
    public double? Find(string name) => _known.TryGetValue(name, out var value) ? value : null;

    /// <summary>All measurements whose names begin so.</summary>
    public IEnumerable<double> Under(string prefix) =>
        _known.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(one => one.Value);

    /// <summary>Keeps a measurement.</summary>
    public void Add(string name, double value)
    {
        _known[name] = value;
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("value", value.ToString("R", CultureInfo.InvariantCulture)); // JSON has no infinity
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        _file.Write(line.ToArray());
        _file.Flush(flushToDisk: true);
    }

    public void Dispose() => _file.Dispose();

    private void Read()
    {
        using var reader = new StreamReader(_file, Encoding.UTF8, leaveOpen: true);
        var text = reader.ReadToEnd();
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        foreach (var line in whole.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using var json = JsonDocument.Parse(line);
                var value = double.Parse(json.RootElement.GetProperty("value").GetString()!, CultureInfo.InvariantCulture);
                _known[json.RootElement.GetProperty("name").GetString()!] = value;
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                // A damaged line is measured again.
            }
        }

        _file.SetLength(Encoding.UTF8.GetByteCount(whole)); // what a kill left of the last line
        _file.Seek(0, SeekOrigin.End);
    }
}
