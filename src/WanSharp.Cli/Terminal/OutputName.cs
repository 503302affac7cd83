using System.Text;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// The name of a clip that was not given one: its prompt and seed, and a number where clips of that name are there already. The file is
/// made at once, so that nobody else takes the name; what stays empty is removed again.
/// </summary>
internal sealed class OutputName : IDisposable
{
    private const int MaximumLength = 48;
    private const int MostOfOneName = 100_000;
    private const string Extension = ".mp4";

    private readonly bool _isReserved;

    private OutputName(string path, bool isReserved) => (Path, _isReserved) = (path, isReserved);

    /// <summary>The path.</summary>
    public string Path { get; }

    /// <summary>The name, whether there is such a file or not: for work that goes on where it stopped when it is asked for again.</summary>
    public static string For(GenerationRequest request) => StemOf(request) + Extension;

    /// <summary>Takes a name that no file has, in any of the formats that such a clip is written as.</summary>
    /// <param name="request">The clip.</param>
    /// <param name="folder">Where; empty for the current folder.</param>
    public static OutputName Take(GenerationRequest request, string folder)
    {
        var name = System.IO.Path.Combine(folder, StemOf(request));
        for (var number = 1; number < MostOfOneName; number++)
        {
            var stem = number == 1 ? name : $"{name}-{number}";
            if (!File.Exists($"{stem}.webp") && TryReserve(stem + Extension) is { } isReserved)
            {
                return new OutputName(stem + Extension, isReserved);
            }
        }

        throw new IOException($"There are {MostOfOneName} clips of the name {name}: name one with --output.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isReserved && FileFacts.Of(Path) is { Exists: true, Length: 0 } empty)
        {
            empty.Delete();
        }
    }

    /// <summary>
    /// Makes the file; null if there is one, false in a folder where none can be made, which is reported where it is written.
    /// </summary>
    private static bool? TryReserve(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return System.IO.Path.Exists(path) ? null : false;
        }
    }

    private static string StemOf(GenerationRequest request) => $"{Words(request.Prompt)}-{request.Seed ?? 0}";

    private static string Words(string prompt)
    {
        var name = new StringBuilder();
        foreach (var rune in prompt.EnumerateRunes())
        {
            if (name.Length >= MaximumLength)
            {
                break;
            }

            if (Rune.IsLetterOrDigit(rune))
            {
                name.Append(Rune.ToLowerInvariant(rune));
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return name.Length > 0 ? name.ToString().TrimEnd('-') : "clip";
    }
}
