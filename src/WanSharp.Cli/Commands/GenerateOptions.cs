using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Security.Cryptography;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>The options that make up a request.</summary>
internal sealed class GenerateOptions
{
    /// <summary>More than the longest prompt takes in any encoding, with room for space around it.</summary>
    private const int MostPromptBytes = 16 * GenerationRequest.MaximumPromptLength;

    private readonly Argument<string> _prompt = new("prompt") { Description = "What the video shows; - reads it from standard input." };
    private readonly Option<string?> _negative = new("--negative") { Description = "What the video must not show.", HelpName = "TEXT" };
    private readonly Option<Size?> _size = new("--size")
    {
        Description = "Width and height in pixels. Default: the model's; with an image, the image's shape at that area.",
        HelpName = "WxH",
        CustomParser = Size.Parse,
    };
    private readonly Option<int?> _frames = NumberOption.Create<int>("--frames", "Frames of video: 4n+1.", "N");
    private readonly Option<double?> _seconds = NumberOption.Create<double>(
        "--seconds",
        "Length instead of frames; rounded to 4n+1 frames.",
        "S"
    );
    private readonly Option<int?> _fps = NumberOption.Create<int>("--fps", "Frames shown per second.", "N");
    private readonly Option<int?> _steps = NumberOption.Create<int>("--steps", "Denoise steps.", "N");
    private readonly Option<float?> _guidance = NumberOption.Create<float>(
        "--guidance",
        "How strongly to follow the prompt; 1 halves the work.",
        "SCALE"
    );
    private readonly Option<float?> _highNoiseGuidance = NumberOption.Create<float>(
        "--guidance-high",
        "The scale of the high-noise expert, where a model has two (Wan 2.2 A14B); --guidance alone is both.",
        "SCALE"
    );
    private readonly Option<string?> _sampler = new("--sampler")
    {
        Description = $"{string.Join(", ", Samplers.Names)}.",
        HelpName = "NAME",
    };
    private readonly Option<double?> _shift = NumberOption.Create<double>("--shift", "Shift of the noise schedule.", "X");

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "Where the noise begins: the same seed makes the same clip.",
        HelpName = "N|random",
        DefaultValueFactory = _ => 0,
        CustomParser = ParseSeed,
    };

    private readonly Option<string?> _image = new("--image") { Description = "The first frame.", HelpName = "FILE" };
    private readonly Option<string?> _lastImage = new("--last-image") { Description = "The last frame.", HelpName = "FILE" };

    private readonly Option<string[]> _frameImages = new("--frame-image")
    {
        Description = "The image that latent frame N shows; may be given several times.",
        HelpName = "N=FILE",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Adds the argument and the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_prompt);
        Option[] options =
        [
            _negative,
            _size,
            _frames,
            _seconds,
            _fps,
            _steps,
            _guidance,
            _highNoiseGuidance,
            _sampler,
            _shift,
            _seed,
            _image,
            _lastImage,
            _frameImages,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
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
        var size = parsed.GetValue(_size);
        var images = new List<ConditioningImage>();
        foreach (var (frame, file) in ImageFiles(parsed))
        {
            images.Add(new ConditioningImage(await readImage(file, cancellationToken), frame));
        }

        return new GenerationRequest
        {
            Prompt = prompt == "-" ? await ReadPromptAsync(input, cancellationToken) : prompt,
            NegativePrompt = parsed.GetValue(_negative),
            Width = size?.Width,
            Height = size?.Height,
            Frames = parsed.GetValue(_frames),
            Seconds = parsed.GetValue(_seconds),
            Fps = parsed.GetValue(_fps),
            Steps = parsed.GetValue(_steps),
            GuidanceScale = parsed.GetValue(_guidance),
            HighNoiseGuidanceScale = parsed.GetValue(_highNoiseGuidance),
            Sampler = parsed.GetValue(_sampler),
            Shift = parsed.GetValue(_shift),
            Seed = parsed.GetValue(_seed),
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

    private IEnumerable<(int Frame, string File)> ImageFiles(ParseResult parsed)
    {
        if (parsed.GetValue(_image) is { } first)
        {
            yield return (0, first);
        }

        foreach (var text in parsed.GetValue(_frameImages)!)
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

        if (parsed.GetValue(_lastImage) is { } last)
        {
            yield return (-1, last);
        }
    }

    private static ulong ParseSeed(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (text == "random")
        {
            return BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));
        }

        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
        {
            argument.AddError($"'{text}' is not a seed: give a whole number from 0 to {ulong.MaxValue}, or random.");
        }

        return seed;
    }
}
