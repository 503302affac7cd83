using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Server.Http;
using WanSharp.Server.Pictures;
using WanSharp.Server.Work;
using WanSharp.Tensors;

namespace WanSharp.Server.Videos;

/// <summary>
/// The fields of a request for a video: the official ones, those of a clip's settings (<see cref="SettingFields"/>), and what other
/// servers call them. Whatever else is there is refused: it would be a clip that was not asked for.
/// </summary>
internal static class VideoFields
{
    /// <summary>The setting whose file is a text.</summary>
    public const string Camera = "camera";

    private const int LongestName = 256;

    /// <summary>Fields with the picture of a frame: 0 the first, -1 the last.</summary>
    private static readonly Dictionary<string, int> Pictures = new(StringComparer.OrdinalIgnoreCase)
    {
        ["input_reference"] = 0,
        ["input_reference.image_url"] = 0,
        ["image_reference"] = 0,
        ["image_reference.image_url"] = 0,
        ["reference_url"] = 0,
        ["image"] = 0,
        ["last_image"] = -1,
        ["last_image.image_url"] = -1,
    };

    private static readonly string[] Others = ["prompt", "model", "user", "style", "priority", "cache", "format"];

    /// <summary>All names that a field may have, for hints.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [.. Others.Concat(SettingFields.All.Select(field => field.Name)).Concat(SettingNames.Others).Concat(Pictures.Keys)];

    /// <summary>Reads a request.</summary>
    /// <param name="body">The body.</param>
    /// <param name="given">What a field that is left out takes.</param>
    /// <returns>The request, and the pictures that it brings by frame.</returns>
    /// <exception cref="ApiException">A field is not known, or its value is not one.</exception>
    public static (VideoRequest Request, IReadOnlyDictionary<int, PictureSource> Pictures) Read(RequestBody body, VideoRequest given)
    {
        var request = given;
        var pictures = new Dictionary<int, PictureSource>();
        foreach (var field in body.Fields)
        {
            if (Pictures.TryGetValue(field.Name, out var frame))
            {
                AddPicture(pictures, frame, new PictureSource(field.Name, File: null, field.Text));
            }
            else
            {
                request = Set(request, body, field);
            }
        }

        foreach (var file in body.Files)
        {
            if (Pictures.TryGetValue(file.Name, out var frame))
            {
                AddPicture(pictures, frame, new PictureSource(file.Name, file, Text: null));
            }
            else if (!UploadedSettings.Names.Contains(NameOf(file)))
            {
                throw Unknown(file.Name);
            }
        }

        SettingNames.RequireNoRivals(body);
        RequireLength("prompt", request.Entry.Request.Prompt);
        RequireLength("negative", request.Entry.Request.NegativePrompt ?? "");
        return request.Entry.Request.Prompt.Trim().Length > 0
            ? (request, pictures)
            : throw ApiException.Invalid("prompt", "There is no prompt: say what the video shows.");
    }

    /// <summary>The settings that files of a request are the values of, each with its files.</summary>
    /// <exception cref="ApiException">One has a name as well, or several files where it takes one.</exception>
    public static IReadOnlyList<(SettingField Setting, IReadOnlyList<IFormFile> Files)> FilesOf(RequestBody body)
    {
        var found = new List<(SettingField, IReadOnlyList<IFormFile>)>();
        foreach (var files in body.Files.GroupBy(NameOf).Where(files => UploadedSettings.Names.Contains(files.Key)))
        {
            var setting = SettingFields.Find(files.Key)!;
            if (body.Has(files.Key) || (files.Count() > 1 && !setting.IsList))
            {
                throw ApiException.Invalid(files.Key, $"The {files.Key} is there twice: leave one out.");
            }

            found.Add((setting, [.. files]));
        }

        return found;
    }

    /// <summary>The fields as JSON Schema.</summary>
    public static IEnumerable<KeyValuePair<string, JsonNode?>> Schema() =>
        [
            new("prompt", new JsonObject { ["type"] = "string", ["description"] = "What the video shows." }),
            .. Others.Where(name => name is not ("prompt" or "priority" or "cache")).Select(name => Field(name, "string")),
            Field("priority", "integer"),
            Field("cache", "boolean"),
            .. Pictures.Keys.Where(name => !name.Contains('.', StringComparison.Ordinal)).Select(Picture),
            .. BodyReader.Envelopes.Select(name => Field(name, "object")),
            .. SettingsSchema(),
        ];

    /// <summary>The video that another one is made of, as JSON Schema.</summary>
    public static JsonObject Source() =>
        new()
        {
            ["type"] = new JsonArray("string", "object"),
            ["format"] = "binary",
            ["description"] = "A video: {\"id\": …} of one of this server, or a file of a form.",
        };

    /// <summary>A clip's settings as JSON Schema, under our names and those of other servers.</summary>
    public static IEnumerable<KeyValuePair<string, JsonNode?>> SettingsSchema() =>
        from field in SettingFields.All
        from name in SettingNames.Of(field)
        select new KeyValuePair<string, JsonNode?>(name, SettingSchema.Of(field, asText: true));

    private static KeyValuePair<string, JsonNode?> Picture(string name) =>
        new(
            name,
            new JsonObject
            {
                ["type"] = new JsonArray("string", "object"),
                ["format"] = "binary",
                ["description"] = "A picture: a file of a form, an http(s) address, a data: URL, or {\"image_url\": …}.",
            }
        );

    private static KeyValuePair<string, JsonNode?> Field(string name, params string[] types) =>
        new(name, new JsonObject { ["type"] = types is [var only] ? only : new JsonArray([.. types.Select(type => (JsonNode)type)]) });

    private static VideoRequest Set(VideoRequest request, RequestBody body, BodyField field)
    {
        var (entry, text) = (request.Entry, field.Text);
        var name = field.Name.ToLowerInvariant();
        return name switch
        {
            "prompt" => request with { Entry = entry with { Request = entry.Request with { Prompt = text } } },
            "model" => request with { Model = text.Length > 0 ? Short(name, text) : null },
            "user" => request with { User = Short(name, text) },
            "style" => request with { Entry = entry with { Style = Short(name, text) } },
            "priority" => request with { Entry = entry with { Priority = Priority(text) } },
            "cache" => request with { Entry = entry with { UseCache = Flag(name, text) } },
            "format" => request with { Format = "." + Short(name, text).TrimStart('.').ToLowerInvariant() },
            "seed" when text is "-1" || text.Equals("random", StringComparison.OrdinalIgnoreCase) => request with
            {
                Entry = entry with { DrawsSeed = true },
            },
            _ => request with { Entry = entry with { Request = Set(entry.Request, body, field) } },
        };
    }

    /// <summary>A request with one of a clip's settings, under our name for it or another server's.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">The body that the setting is in.</param>
    /// <param name="given">The setting and its value.</param>
    /// <exception cref="ApiException">There is no such setting, or this is not a value of it.</exception>
    public static JobRequest Set(JobRequest request, RequestBody body, BodyField given)
    {
        var field = SettingNames.Find(given.Name, body) ?? throw Unknown(given.Name);
        PlainNames.Require(field.Name, given.Name, given.Text);
        return field.TrySet(request, given.Text, out var changed)
            ? changed
            : throw ApiException.Invalid(
                given.Name,
                $"The {given.Name} is {ClientText.Of(field.Expected)}, not '{Shortened(given.Text)}'."
            );
    }

    private static void RequireLength(string name, string text)
    {
        if (text.Length > GenerationRequest.MaximumPromptLength)
        {
            throw ApiException.Invalid(
                name,
                $"The {name} has {text.Length} characters, and {GenerationRequest.MaximumPromptLength} are taken at most."
            );
        }
    }

    /// <summary>The field of a file: forms write those of lists as <c>reference[]</c>.</summary>
    private static string NameOf(IFormFile file) => file.Name.EndsWith("[]", StringComparison.Ordinal) ? file.Name[..^2] : file.Name;

    private static void AddPicture(Dictionary<int, PictureSource> pictures, int frame, PictureSource source)
    {
        if (!pictures.TryAdd(frame, source))
        {
            throw ApiException.Invalid(source.Field, $"There are both {pictures[frame].Field} and {source.Field}: leave one out.");
        }
    }

    /// <summary>Reads a priority.</summary>
    public static int Priority(string text) =>
        SettingTexts.TryParseNumber<int>(text, out var number) && number is >= -BatchEntry.HighestPriority and <= BatchEntry.HighestPriority
            ? number
            : throw ApiException.Invalid(
                "priority",
                $"The priority is a whole number from -{BatchEntry.HighestPriority} to {BatchEntry.HighestPriority}, "
                    + $"not '{Shortened(text)}'."
            );

    /// <summary>Reads true or false.</summary>
    public static bool Flag(string name, string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "1" => true,
            "false" or "0" => false,
            _ => throw ApiException.Invalid(name, $"The {name} is true or false, not '{Shortened(text)}'."),
        };

    /// <summary>A text that is kept with each video, and so is no longer than a name.</summary>
    public static string Short(string name, string text) =>
        text.Length <= LongestName
            ? text
            : throw ApiException.Invalid(name, $"The {name} has {text.Length} characters, and {LongestName} are taken at most.");

    private static ApiException Unknown(string name) =>
        new(400, "unknown_field", $"There is no field '{Shortened(name)}'.{NearestName.Hint(Shortened(name), Names)}", name);

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
