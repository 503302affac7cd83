using System.CommandLine;
using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>The options that name images for frames of a clip.</summary>
internal sealed class ImageOptions
{
    private readonly Option<string?> _first = new("--image") { Description = "The first frame.", HelpName = "FILE" };
    private readonly Option<string?> _last = new("--last-image") { Description = "The last frame.", HelpName = "FILE" };

    private readonly Option<string[]> _frames = new("--frame-image")
    {
        Description = "The image that latent frame N shows; may be given several times.",
        HelpName = "N=FILE",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_first);
        command.Options.Add(_last);
        command.Options.Add(_frames);
    }

    /// <summary>The images.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="read">Reads an image file.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<IReadOnlyList<ConditioningImage>> ReadAsync(
        ParseResult parsed,
        Func<string, CancellationToken, Task<RgbImage>> read,
        CancellationToken cancellationToken
    )
    {
        var images = new List<ConditioningImage>();
        foreach (var (frame, file) in Files(parsed))
        {
            images.Add(new ConditioningImage(await read(file, cancellationToken), frame));
        }

        return images;
    }

    /// <summary>The image files by full paths, with the latent frames that they are for.</summary>
    /// <exception cref="InvalidRequestException">Two are for the same frame.</exception>
    public IReadOnlyDictionary<int, string> Paths(ParseResult parsed)
    {
        var paths = new Dictionary<int, string>();
        foreach (var (frame, file) in Files(parsed))
        {
            if (!paths.TryAdd(frame, Path.GetFullPath(file)))
            {
                throw new InvalidRequestException("image", $"Two images were given for latent frame {frame}: give one.");
            }
        }

        return paths;
    }

    private IEnumerable<(int Frame, string File)> Files(ParseResult parsed)
    {
        if (parsed.GetValue(_first) is { } first)
        {
            yield return (0, first);
        }

        foreach (var text in parsed.GetValue(_frames)!)
        {
            var parts = text.Split('=', 2);
            yield return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var frame)
                ? (frame, parts[1])
                : throw new InvalidRequestException(
                    "frame-image",
                    $"'{text}' is not a latent frame and its image: write N=FILE, such as 2=middle.png."
                );
        }

        if (parsed.GetValue(_last) is { } last)
        {
            yield return (-1, last);
        }
    }
}
