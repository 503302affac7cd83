using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Server.Page;

/// <summary>What the page asks for, as JSON.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SettingsObject))]
[JsonSerializable(typeof(VideoSettingsObject))]
[JsonSerializable(typeof(PlanObject))]
[JsonSerializable(typeof(SystemObject))]
[JsonSerializable(typeof(KnownModelsObject))]
[JsonSerializable(typeof(FindingList))]
[JsonSerializable(typeof(PullObject))]
[JsonSerializable(typeof(PullList))]
internal sealed partial class PageJson : JsonSerializerContext
{
    /// <remarks>The answers are sent as <c>application/json</c>, never as a part of a page.</remarks>
    public static PageJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                RespectNullableAnnotations = true,
            }
        );
}
