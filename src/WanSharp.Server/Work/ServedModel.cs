using WanSharp.Server.Http;

namespace WanSharp.Server.Work;

/// <summary>The model that requests may ask for.</summary>
internal static class ServedModel
{
    /// <exception cref="ApiException">Another model was asked for.</exception>
    public static void Require(ServerOptions options, string? asked, string served)
    {
        if (asked is not null && !asked.Equals(served, StringComparison.OrdinalIgnoreCase) && asked != options.Backend.Engine.Model)
        {
            throw new ApiException(
                400,
                "model_not_found",
                $"The model '{asked}' is not served here: ask for '{served}', or leave the model out.",
                "model"
            );
        }
    }
}
