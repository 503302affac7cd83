using System.Globalization;
using System.Text.RegularExpressions;

namespace WanSharp.Tensors;

/// <summary>The names of checkpoints that are kept in several files (shards), with or without an index of them.</summary>
/// <remarks>Sources: huggingface/huggingface_hub:src/huggingface_hub/serialization; huggingface/diffusers:src/diffusers/utils/hub_utils.py
/// (variants, such as <c>*.safetensors.index.fp16.json</c>); ggml-org/llama.cpp:tools/gguf-split.</remarks>
public static partial class ShardFiles
{
    private const int MostShards = 10_000;

    /// <summary>Whether a file has the name of an index.</summary>
    public static bool IsIndex(string path) => Index().IsMatch(path);

    /// <summary>Whether a file has the name of one of several shards.</summary>
    public static bool IsShard(string path) => Shard().IsMatch(path);

    /// <summary>
    /// What stands for the set that a file is of: the index next to it that names it, whatever it is called, or else the first shard that
    /// is there. Any other path is itself.
    /// </summary>
    public static string SetOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!MayBeIndexed().IsMatch(path))
        {
            return path;
        }

        var folder = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        var index = IndexesIn(folder).Find(file => ShardedCheckpoint.Names(file, Path.GetFileName(path)));
        if (index is not null)
        {
            return Path.Combine(Path.GetDirectoryName(path) ?? "", Path.GetFileName(index));
        }

        return !IsShard(path) || CountOf(path) is null ? path : All(path).FirstOrDefault(File.Exists, path);
    }

    private static List<string> IndexesIn(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, "*.json").Where(IsIndex).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // there is no such folder, or it may not be listed
        }
    }

    /// <summary>The paths of all shards of the set that one is of, in order, whether or not they exist.</summary>
    internal static IEnumerable<string> All(string shard)
    {
        var number = Shard().Match(shard).Groups["number"];
        return CountOf(shard) is { } count
            ? Enumerable.Range(File.Exists(Numbered(0)) ? 0 : 1, count).Select(Numbered) // a few tools count from 0
            : throw new CheckpointException(shard, $"its name says that it is one of more than {MostShards} shards.");

        string Numbered(int i) =>
            shard[..number.Index]
            + i.ToString(CultureInfo.InvariantCulture).PadLeft(number.Length, '0')
            + shard[(number.Index + number.Length)..];
    }

    /// <summary>How many shards there are, by a shard's name; null when it is more than any checkpoint has.</summary>
    private static int? CountOf(string shard) =>
        int.TryParse(Shard().Match(shard).Groups["count"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && count <= MostShards
            ? count
            : null;

    [GeneratedRegex(@"\.(safetensors|bin|pth?)\.index(\.[\w-]+)?\.json$", RegexOptions.IgnoreCase)]
    private static partial Regex Index();

    [GeneratedRegex(@"\.(safetensors|sft|gguf|bin|pth?|ckpt)$", RegexOptions.IgnoreCase)]
    private static partial Regex MayBeIndexed();

    [GeneratedRegex(@"-(?<number>\d{1,9})-of-(?<count>\d{1,9})(\.[\w-]+)?\.(safetensors|sft|gguf|bin|pth?|ckpt)$", RegexOptions.IgnoreCase)]
    private static partial Regex Shard();
}
