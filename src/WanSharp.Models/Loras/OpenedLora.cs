using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>A LoRA as its files were when they were opened, and what it does to each expert.</summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class OpenedLora : IDisposable
{
    private readonly Dictionary<int, LoraFit> _fits = [];
    private readonly (string Path, FileStamp Stamp)[] _stamps; // by the paths that were named: a link may come to lead elsewhere
    private readonly string _id;

    private OpenedLora(string path, FileStamp before, LoraFile file)
    {
        File = file;
        _stamps = [(path, before), .. file.Stamps];
        _id = string.Join(' ', _stamps.Select(one => $"{one.Stamp.Path} {one.Stamp.Length} {one.Stamp.Written.Ticks}"));
    }

    public LoraFile File { get; }

    /// <summary>Whether no file that decides what it does was written to, replaced, added or removed.</summary>
    public bool IsUnchanged => Array.TrueForAll(_stamps, one => FileStamp.Of(one.Path) == one.Stamp);

    /// <summary>Opens a file.</summary>
    /// <exception cref="CheckpointException">There is none, it cannot be read, or it holds no LoRA.</exception>
    public static OpenedLora Open(string path)
    {
        var before = FileStamp.Of(path);
        return new OpenedLora(path, before, LoraFile.Open(path));
    }

    /// <summary>What it does to a transformer.</summary>
    /// <exception cref="CheckpointException">It is not of this model.</exception>
    public LoraFit FitTo(IReadOnlyDictionary<string, Shape> weights, string model, LoraExpert? expert)
    {
        var key = expert is { } one ? (int)one : -1;
        if (!_fits.TryGetValue(key, out var fit))
        {
            _fits.Add(key, fit = File.FitTo(weights, model, expert, _id));
        }

        return fit;
    }

    public void Dispose() => File.Dispose();
}
