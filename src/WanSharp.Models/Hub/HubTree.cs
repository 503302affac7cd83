using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Models.Hub;

/// <summary>
/// The list of a commit's files, kept as huggingface_hub keeps it (<c>_tree_cache.py</c>): a commit never changes, so the list says
/// offline what is missing and what its digests are.
/// </summary>
internal static class HubTree
{
    private const int FormatVersion = 1;
    private const int MostBytes = 64 << 20;
    private const string Version = "format_version";
    private const string Files = "files";

    /// <summary>Reads a list.</summary>
    /// <returns>The files, or null when there is none, or none that this version understands.</returns>
    public static IReadOnlyList<HubFile>? Read(string path)
    {
        try
        {
            if (!File.Exists(path) || Tensors.FileFacts.Of(path).Length > MostBytes)
            {
                return null;
            }

            using var document = JsonDocument.Parse(PlainFile.ReadAllBytes(path));
            var root = document.RootElement;
            return root.GetProperty(Version).GetInt32() == FormatVersion
                ? [.. root.GetProperty(Files).EnumerateObject().Select(file => FileOf(file.Name, file.Value))]
                : null;
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or FormatException
            )
        {
            return null; // somebody else's, or damaged: the hub has it
        }
    }

    /// <summary>Writes a list, so that nobody ever sees half of it.</summary>
    public static void Write(string path, IEnumerable<HubFile> files)
    {
        var list = new JsonObject();
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            var entry = new JsonObject { ["size"] = file.Length, ["blob_id"] = file.BlobId };
            if (file.Sha256 is not null)
            {
                entry["lfs_sha256"] = file.Sha256;
                entry["lfs_size"] = file.Length;
            }

            list[file.Path] = entry;
        }

        HubText.Write(path, new JsonObject { [Version] = FormatVersion, [Files] = list }.ToJsonString());
    }

    private static HubFile FileOf(string path, JsonElement entry)
    {
        var sha256 = entry.TryGetProperty("lfs_sha256", out var digest) ? digest.GetString() : null;
        var file = new HubFile(path, entry.GetProperty("size").GetInt64(), entry.GetProperty("blob_id").GetString() ?? "", sha256);
        return HubETag.IsOne(file.ETag) && HubPath.IsSafe(path) ? file : throw new FormatException(path);
    }
}
