using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Server.Contract;

/// <summary>What the server sends, and keeps, as JSON: snake_case, and prompts readable in every language.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
[JsonSerializable(typeof(VideoObject))]
[JsonSerializable(typeof(VideoList))]
[JsonSerializable(typeof(DeletedVideo))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ModelObject))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(HealthObject))]
[JsonSerializable(typeof(EventBody))]
[JsonSerializable(typeof(DeliveryList))]
[JsonSerializable(typeof(RetriedObject))]
[JsonSerializable(typeof(BatchObject))]
[JsonSerializable(typeof(BatchList))]
[JsonSerializable(typeof(DryRunObject))]
[JsonSerializable(typeof(ChangedObject))]
[JsonSerializable(typeof(QueueObject))]
[JsonSerializable(typeof(OrderedObject))]
[JsonSerializable(typeof(VideoDetails))]
internal sealed partial class ServerJson : JsonSerializerContext
{
    /// <remarks>The answers are sent as <c>application/json</c>, never as a part of a page.</remarks>
    public static ServerJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                RespectNullableAnnotations = true,
            }
        );
}
