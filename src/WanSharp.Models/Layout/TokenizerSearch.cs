using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Finds the tokenizer of a text encoder: one that has its vocabulary.</summary>
/// <param name="source">The model, for errors.</param>
/// <param name="search">Where the model's parts are looked for.</param>
/// <param name="headers">What was read.</param>
internal sealed class TokenizerSearch(string source, PartSearch search, Headers headers)
{
    // google/umt5-xxl below a folder.
    private const int Depth = 3;

    /// <summary>
    /// The one that was named; or the text encoder's own, the nearest <c>spiece.model</c>, another checkpoint's of the same vocabulary, or
    /// a <c>tokenizer.json</c>, the first of them that fits.
    /// </summary>
    /// <exception cref="CheckpointException">There is none that fits; the message says which were found.</exception>
    public string Find(NetworkFile textEncoder, string? named)
    {
        if (named is not null)
        {
            return Named(textEncoder, named);
        }

        List<string> problems = [];
        if (Candidates(textEncoder).FirstOrDefault(path => Fits(path, textEncoder, problems)) is { } found)
        {
            return found;
        }

        var advice =
            $"put umT5's {TokenizerSource.ModelName} or {TokenizerSource.JsonName} (google/umt5-xxl) next to the text encoder "
            + $"{textEncoder.Path}, or name one with {PartOptions.Tokenizer}.";
        throw problems.Count == 0
            ? new CheckpointException(source, $"no tokenizer was found: {advice} Looked in {search.Looked()}.")
            : new CheckpointException(
                textEncoder.Path,
                $"it has no tokenizer that can be used: {advice} {string.Join(" ", problems.Distinct().Take(3))}"
            );
    }

    private string Named(NetworkFile textEncoder, string named)
    {
        var path =
            File.Exists(named) ? named
            : Directory.Exists(named) ? FilesIn(named, Depth).FirstOrDefault()
            : null;
        if (path is null)
        {
            throw new CheckpointException(
                named,
                $"{PartOptions.Tokenizer} names it, but "
                    + (
                        Directory.Exists(named)
                            ? $"the folder has no {TokenizerSource.ModelName} and no {TokenizerSource.JsonName}."
                            : "there is no such file."
                    )
            );
        }

        List<string> problems = [];
        return Fits(path, textEncoder, problems)
            ? path
            : throw new CheckpointException(path, $"{PartOptions.Tokenizer} names it, but it cannot be used: {string.Join(" ", problems)}");
    }

    private IEnumerable<string> Candidates(NetworkFile textEncoder)
    {
        var folders = search
            .Folders.SelectMany(place => place)
            .Select(place => (place.Folder, Depth: Math.Min(place.Depth, Depth)))
            .Prepend((Path.GetDirectoryName(Path.GetFullPath(textEncoder.Path))!, 0))
            .Distinct();
        List<string> files = [.. folders.SelectMany(place => FilesIn(place.Item1, place.Item2)).Distinct()];
        var others = search
            .Places.SelectMany(place => place)
            .Distinct()
            .Select(headers.Read)
            .Where(file => file.HasTokenizer && file.Path != textEncoder.Path)
            .Select(file => file.Path);
        return (textEncoder.HasTokenizer ? [textEncoder.Path] : Array.Empty<string>())
            .Concat(files.Where(file => !SentencePieceTokenizer.IsJson(file)))
            .Concat(others)
            .Concat(files.Where(SentencePieceTokenizer.IsJson));
    }

    private static IEnumerable<string> FilesIn(string folder, int depth) =>
        FolderSearch.Files(folder, depth, mayStop: true).Where(TokenizerSource.IsFile).OrderBy(SentencePieceTokenizer.IsJson);

    private bool Fits(string path, NetworkFile textEncoder, List<string> problems)
    {
        try
        {
            NetworkFit.Require(path, headers.ReadTokenizer(path), textEncoder.TextEncoder!);
            return true;
        }
        catch (Exception e) when (e is CheckpointException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            problems.Add(e.Message);
            return false;
        }
    }
}
