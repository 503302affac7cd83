using System.CommandLine;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>The options that make up a request.</summary>
internal sealed class GenerateOptions
{
    /// <summary>More than the longest prompt takes in any encoding, with room for space around it.</summary>
    private const int MostPromptBytes = 16 * GenerationRequest.MaximumPromptLength;

    private readonly Argument<string> _prompt = new("prompt") { Description = "What the video shows; - reads it from standard input." };
    private readonly SettingOptions _settings = new(withSeed: true);
    private readonly ImageOptions _images = new();

    /// <summary>Adds the argument and the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_prompt);
        _settings.AddTo(command);
        _images.AddTo(command);
    }

    /// <summary>The request as typed.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="input">Where a prompt of - is read, in UTF-8, or in UTF-16 with a byte order mark.</param>
    /// <param name="readImage">Reads an image file.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<GenerationRequest> ReadAsync(
        ParseResult parsed,
        Stream input,
        Func<string, CancellationToken, Task<Media.Images.RgbImage>> readImage,
        CancellationToken cancellationToken
    )
    {
        var prompt = parsed.GetValue(_prompt)!;
        var settings = _settings.Read(parsed, new ClipSettings());
        var images = await _images.ReadAsync(parsed, readImage, cancellationToken);
        return new GenerationRequest(settings)
        {
            Prompt = prompt == "-" ? await ReadPromptAsync(input, cancellationToken) : prompt,
            Images = images,
        };
    }

    /// <summary>The prompt that is piped in.</summary>
    private static async Task<string> ReadPromptAsync(Stream input, CancellationToken cancellationToken)
    {
        try
        {
            // A console's stream blocks and cannot be cancelled: it is left behind.
            var bytes = new byte[MostPromptBytes + 1];
            var length = await Task.Run(() => input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false), CancellationToken.None)
                .WaitAsync(cancellationToken);
            return length <= MostPromptBytes
                ? TextInput.Decode(bytes.AsSpan(0, length), "standard input").Trim()
                : throw new InvalidRequestException(
                    "prompt",
                    $"The prompt on standard input is longer than {GenerationRequest.MaximumPromptLength} characters: shorten it."
                );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The prompt cannot be read from standard input: {exception.Message}", exception);
        }
    }

    /// <summary>The image files by full paths, with the latent frames that they are for.</summary>
    /// <exception cref="InvalidRequestException">Two are for the same frame.</exception>
    public IReadOnlyDictionary<int, string> ImagePaths(ParseResult parsed) => _images.Paths(parsed);
}
