using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>Where a job was sent, written before it is: after a crash, the job is found again under its id.</summary>
/// <param name="Server">The server's address.</param>
/// <param name="PromptId">The job's id there.</param>
/// <param name="ClientId">The client that receives its messages.</param>
/// <param name="Key">The digest of what was asked for.</param>
internal sealed record ComfyTicket(string Server, string PromptId, string ClientId, string Key)
{
    private const long MaximumBytes = 1 << 16;

    /// <summary>Ids are canonical lower-case UUIDs, as ComfyUI wants them.</summary>
    public static ComfyTicket Create(ComfyServer server, string key) =>
        new(server.Name, Guid.NewGuid().ToString("D"), Guid.NewGuid().ToString("N"), key);

    /// <summary>Reads a ticket for the same work.</summary>
    /// <returns>The ticket, or null when there is none, or it is damaged or for other work.</returns>
    public static ComfyTicket? TryRead(string path, string key)
    {
        try
        {
            if (FileFacts.Of(path) is not { Exists: true, Length: <= MaximumBytes })
            {
                return null;
            }

            var ticket = JsonSerializer.Deserialize(PlainFile.ReadAllText(path), ComfyJson.Default.ComfyTicket);
            return ticket?.Key == key && Guid.TryParseExact(ticket.PromptId, "D", out _) && Guid.TryParse(ticket.ClientId, out _)
                ? ticket
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Write(string path) => AtomicFile.Write(path, JsonSerializer.Serialize(this, ComfyJson.Default.ComfyTicket));
}

/// <summary>What is kept of jobs at servers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(ComfyTicket))]
internal sealed partial class ComfyJson : JsonSerializerContext;
