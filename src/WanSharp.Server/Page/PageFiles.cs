using System.Collections.Frozen;
using WanSharp.Storage;

namespace WanSharp.Server.Page;

/// <summary>The files of the page, which are in this assembly.</summary>
internal static class PageFiles
{
    /// <summary>What their names begin with in the assembly.</summary>
    private const string Prefix = "page/";

    private static readonly Lazy<FrozenDictionary<string, PageFile>> Files = new(Read);

    /// <summary>A file by its path below the page's folder, with slashes; null where there is none.</summary>
    public static PageFile? Find(string path) => Files.Value.GetValueOrDefault(path);

    private static FrozenDictionary<string, PageFile> Read()
    {
        var assembly = typeof(PageFiles).Assembly;
        return assembly
            .GetManifestResourceNames()
            .Select(name => (Name: name, Path: name.Replace('\\', '/')))
            .Where(one => one.Path.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(
                one => one.Path[Prefix.Length..],
                one =>
                {
                    using var stream = assembly.GetManifestResourceStream(one.Name)!;
                    var bytes = new byte[stream.Length];
                    stream.ReadExactly(bytes);
                    return new PageFile(bytes, TypeOf(one.Path), $"\"{Digests.OfBytes(bytes)[..32]}\"");
                },
                StringComparer.Ordinal
            );
    }

    private static string TypeOf(string path) =>
        Path.GetExtension(path) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".json" => "application/json; charset=utf-8",
            ".svg" => "image/svg+xml",
            var other => throw new InvalidOperationException($"{path}: say here what type {other} is."),
        };
}

/// <summary>A file of the page.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Tag">Names the content: equal content has an equal tag.</param>
internal sealed record PageFile(byte[] Content, string Type, string Tag);
