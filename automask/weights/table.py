"""The catalogue of model weights: sources, pinned commits, digests, licences, sizes.

Sources are pinned to a commit, and every digest here was read in a public document (`docs/reference/models.md` lists
them). A digest or a commit that no document gives is recorded at the first fetch, and every later fetch is held to it.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from automask.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Weights:
    """One entry of the catalogue.

    Args:
        name: Its name for `automask models fetch` and for the adapters' `model`.
        kind: Which stage it is for; an editor part is loaded in addition to an editor's weights.
        source: A repository of the Hugging Face hub (`owner/name`), or the URL of one file.
        revision: The repository's commit, 40 hexadecimal digits; None for a URL, and where no document names one: the
            newest is then taken at the first fetch, and recorded.
        sha256: (file, digest) pairs that a public document gives; the others are recorded at the first fetch.
        licence: Its name, as the model card gives it.
        size_mb: Download in 10**6 bytes, rounded.
        note: What it is for, and what to know before fetching it.
        files: Patterns of the files to fetch from a repository; each must match something. If it is one file, `locate`
            returns that file, otherwise the folder.
        variant: The file name's middle part in a diffusers repository (`fp16`), if only that variant is fetched.
        gated: Whether the licence must first be accepted on the model's page, with an account.
        vram_gb: Estimated GPU memory in 10**9 bytes in half precision without offloading (`docs/reference/models.md`
            says how); for an editor part, what it adds to its editor. None if no estimate was made.
        offload_gb: The same with an editor's parts moved to the GPU one after another; None if that saves nothing.
    """

    name: str
    kind: Literal["segmenter", "refiner", "editor", "editor part"]
    source: str
    revision: str | None
    sha256: tuple[tuple[str, str], ...]
    licence: str
    size_mb: int
    note: str
    files: tuple[str, ...] = ()
    variant: str | None = None
    gated: bool = False
    vram_gb: float | None = None
    offload_gb: float | None = None

    @property
    def is_url(self) -> bool:
        return self.source.startswith("https://")

    @property
    def is_one_file(self) -> bool:
        return self.is_url or len(self.files) == 1

    @property
    def non_commercial(self) -> bool:
        """Whether the licence's own name says that it excludes commercial use."""
        return "non-commercial" in self.licence.lower()

    @property
    def page(self) -> str:
        """URL of its licence and model card."""
        if self.is_url:
            return "https://github.com/facebookresearch/segment-anything#model-checkpoints"
        return f"https://huggingface.co/{self.source}"


def _files(*lines: str) -> tuple[str, ...]:
    return tuple(" ".join(lines).split())


PICKLES = ("*.bin", "*.ckpt", "*.pkl", "*.pt", "*.pth")
"""Never fetched from a repository, whatever a pattern says: loading a pickle can run code."""
_SAM_URL = "https://dl.fbaipublicfiles.com/segment_anything/"
_QWEN_VAE = (
    "vae/diffusion_pytorch_model.safetensors",
    "0c8bc8b758c649abef9ea407b95408389a3b2f610d0d10fcb054fe171d0a8344",
)
_CATALOGUE = (
    Weights(
        name="clipseg-rd64-refined",
        kind="segmenter",
        source="CIDAS/clipseg-rd64-refined",
        # Commit, digest and size: kurtvalcorza/clipseg-segmentation-pipeline, weights/clipseg-rd64-refined/
        # dimer-base-manifest.json and its model card ("the Hub's main on 2026-09-14"); eight other public
        # repositories name the same commit.
        revision="999e0328d9e10b484360c477313983f9afdd7050",
        sha256=(("model.safetensors", "d00ca85d6b859f9d07b7cfb8ef26fe9771cb275b34c9368f2ecf603139307f55"),),
        licence="Apache-2.0",
        size_mb=605,
        note="CLIPSeg, 64 channels, refined decoder: heat for any phrase, at 352 x 352",
        files=_files(
            "config.json model.safetensors preprocessor_config.json",
            "tokenizer_config.json special_tokens_map.json vocab.json merges.txt",
        ),
        vram_gb=1,
    ),
    # No document that names a commit or a digest of the next three was found: both are recorded when they are fetched.
    # Nor was a list of their files: one that has no safetensors is refused by the fetch.
    Weights(
        name="eomt-ade20k",
        kind="segmenter",
        source="tue-mps/ade20k_semantic_eomt_large_512",
        revision=None,
        sha256=(),
        # Of code and weights, by the model card. The photos of ADE20K that it learnt from are for research only.
        licence="MIT",
        size_mb=1265,
        note="EoMT-L, ADE20K: 150 things of rooms, 58.4 mIoU; the semantic net to start with",
        files=_files("config.json preprocessor_config.json model.safetensors"),
        vram_gb=3,
    ),
    Weights(
        name="mask2former-ade20k",
        kind="segmenter",
        source="facebook/mask2former-swin-large-ade-semantic",
        revision=None,
        sha256=(),
        licence="not stated (code: MIT)",
        size_mb=863,
        note="Mask2Former, Swin-L, ADE20K; ask before using it commercially",
        files=_files("config.json preprocessor_config.json model.safetensors"),
        vram_gb=3,
    ),
    Weights(
        name="segformer-b5",
        kind="segmenter",
        source="nvidia/segformer-b5-finetuned-ade-640-640",
        revision=None,
        sha256=(),
        licence="NVIDIA non-commercial",
        size_mb=340,
        note="SegFormer-B5, ADE20K: the smallest; not for commercial use",
        files=_files("config.json preprocessor_config.json model.safetensors"),
        vram_gb=2,
    ),
    Weights(
        name="grounding-dino-tiny",
        kind="segmenter",
        source="IDEA-Research/grounding-dino-tiny",
        # Commit and digest: a dozen public repositories name both; docs/reference/models.md lists some.
        revision="a2bb814dd30d776dcf7e30523b00659f4f141c71",
        sha256=(("model.safetensors", "1a2412ef99bd74bcd3c2a246fa1e48581f8889a1300c9051974741314fc042f3"),),
        licence="Apache-2.0",
        size_mb=689,
        note="Grounding DINO, Swin-T (172 M parameters): boxes for any phrase",
        files=_files(
            "config.json preprocessor_config.json model.safetensors",
            "tokenizer.json tokenizer_config.json special_tokens_map.json vocab.txt",
        ),
        vram_gb=2,
    ),
    Weights(
        name="mm-grounding-dino-tiny",
        kind="segmenter",
        source="openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg_v3det",
        revision=None,
        sha256=(),
        licence="Apache-2.0",
        size_mb=692,
        note="MM Grounding DINO, Swin-T: the same net, trained on more",
        files=_files(
            "config.json preprocessor_config.json model.safetensors",
            "tokenizer.json tokenizer_config.json special_tokens_map.json vocab.txt",
        ),
        vram_gb=2,
    ),
    Weights(
        name="owlv2-base",
        kind="segmenter",
        source="google/owlv2-base-patch16-ensemble",
        revision="cfd3195ba4ea9592eec887ded089f4c08eff231d",
        sha256=(("model.safetensors", "e1e130b9e404cf91a75ad45644c1da9d7fa5284085eecc864266a6923efb99e7"),),
        licence="Apache-2.0",
        size_mb=620,
        note="OWLv2, ViT-B/16 (154 M parameters): boxes for any phrase, at 960 px",
        files=_files(
            "config.json preprocessor_config.json model.safetensors",
            "tokenizer_config.json special_tokens_map.json added_tokens.json vocab.json merges.txt",
        ),
        vram_gb=2,
    ),
    Weights(
        name="sam3",
        kind="segmenter",
        source="facebook/sam3",
        # The digest of `sam3.pt` is public, that of the file in transformers' format is not.
        revision="3c879f39826c281e95690f02c7821c4de09afae7",
        sha256=(),
        licence="SAM Licence",
        size_mb=3440,
        note="SAM 3 (840 M parameters): masks of single things for any phrase; some uses are forbidden",
        files=_files(
            "config.json processor_config.json model.safetensors",
            "tokenizer.json tokenizer_config.json special_tokens_map.json vocab.json merges.txt",
        ),
        gated=True,
        vram_gb=5,
    ),
    Weights(
        name="sam3.1",
        kind="segmenter",
        source="unsloth/sam3.1",
        revision=None,
        sha256=(),
        licence="SAM Licence",
        size_mb=3440,
        note="SAM 3.1 in transformers' format, a copy by others; with words and one photo as good as sam3",
        files=_files(
            "config.json processor_config.json model.safetensors",
            "tokenizer.json tokenizer_config.json special_tokens_map.json vocab.json merges.txt",
        ),
        vram_gb=5,
    ),
    # Digests of the three SAM files: computational-cell-analytics/micro-sam, micro_sam/util.py, which checks its
    # downloads from the same URLs against them. The URLs: README of facebookresearch/segment-anything.
    Weights(
        name="vit_b",
        kind="refiner",
        source=_SAM_URL + "sam_vit_b_01ec64.pth",
        revision=None,
        sha256=(("sam_vit_b_01ec64.pth", "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"),),
        licence="Apache-2.0",
        size_mb=375,
        note="Segment Anything, ViT-B (91 M parameters): the smallest and fastest",
        vram_gb=2,
    ),
    Weights(
        name="vit_l",
        kind="refiner",
        source=_SAM_URL + "sam_vit_l_0b3195.pth",
        revision=None,
        sha256=(("sam_vit_l_0b3195.pth", "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622"),),
        licence="Apache-2.0",
        size_mb=1250,
        note="Segment Anything, ViT-L (308 M parameters)",
        vram_gb=3,
    ),
    Weights(
        name="vit_h",
        kind="refiner",
        source=_SAM_URL + "sam_vit_h_4b8939.pth",
        revision=None,
        sha256=(("sam_vit_h_4b8939.pth", "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e"),),
        licence="Apache-2.0",
        size_mb=2565,
        note="Segment Anything, ViT-H (636 M parameters): the largest",
        vram_gb=4,
    ),
    # Commits and digests of the three: public repositories that pin them and check what they fetched.
    Weights(
        name="sam2.1-tiny",
        kind="refiner",
        source="facebook/sam2.1-hiera-tiny",
        revision="de431c4043854a71d8101e17995dfe596bf101a5",
        sha256=(("model.safetensors", "48c14467e5cf9e51870511feb72c89688e82dd74523142c0538b663e193ac2a7"),),
        licence="Apache-2.0",
        size_mb=156,
        note="SAM 2.1, Hiera-T (39 M parameters): the smallest",
        files=_files("config.json preprocessor_config.json processor_config.json model.safetensors"),
        vram_gb=1,
    ),
    Weights(
        name="sam2.1-small",
        kind="refiner",
        source="facebook/sam2.1-hiera-small",
        revision="ee5bba1d82bb8749febdf90f45e84b687142ba03",
        sha256=(("model.safetensors", "0a4067b11ce1e23d5229203f11c718a823060d15a4b23fa2372a7d4b77cbbc60"),),
        licence="Apache-2.0",
        size_mb=184,
        note="SAM 2.1, Hiera-S (46 M parameters)",
        files=_files("config.json preprocessor_config.json processor_config.json model.safetensors"),
        vram_gb=1,
    ),
    Weights(
        name="sam2.1-large",
        kind="refiner",
        source="facebook/sam2.1-hiera-large",
        revision="665f8e2ad61cf5f53d65644ff27c8ee525124610",
        sha256=(("model.safetensors", "dc407dce21301fd94abb395c5099b4f2c455fdc8a8f261ac3d0ea6d4cd197230"),),
        licence="Apache-2.0",
        size_mb=898,
        note="SAM 2.1, Hiera-L (224 M parameters): the largest",
        files=_files("config.json preprocessor_config.json processor_config.json model.safetensors"),
        vram_gb=2,
    ),
    Weights(
        name="sam-hq-base",
        kind="refiner",
        source="syscv-community/sam-hq-vit-base",
        revision=None,
        sha256=(),
        licence="Apache-2.0",
        size_mb=380,
        note="SAM-HQ, ViT-B (95 M parameters): finer edges than vit_b",
        files=_files("config.json preprocessor_config.json model.safetensors"),
        vram_gb=2,
    ),
    Weights(
        name="sd15-inpaint",
        kind="editor",
        source="stable-diffusion-v1-5/stable-diffusion-inpainting",
        # The commit is named by many public repositories (one of them brings a model card with it: "revision
        # 8a4288a7...", licence CreativeML OpenRAIL-M). The three digests: docs/reference/models.md. Only the fp16
        # variant exists as safetensors (huggingface/diffusers#4677, #11528).
        revision="8a4288a76071f7280aedbdb3253bdb9e9d5d84bb",
        sha256=(
            (
                "unet/diffusion_pytorch_model.fp16.safetensors",
                "24b788b4a777748377cc20364eea4ae113c8c42f4468c16bc8c02fdae5492af9",
            ),
            (
                "vae/diffusion_pytorch_model.fp16.safetensors",
                "4fbcf0ebe55a0984f5a5e00d8c4521d52359af7229bb4d81890039d2aa16dd7c",
            ),
            (
                "text_encoder/model.fp16.safetensors",
                "77795e2023adcf39bc29a884661950380bd093cf0750a966d473d1718dc9ef4e",
            ),
        ),
        licence="CreativeML OpenRAIL-M",
        size_mb=2742,
        note="Stable Diffusion 1.5 inpainting, 512 px; the mirror of the runwayml repository, which is gone",
        files=_files(
            "model_index.json scheduler/*.json tokenizer/* feature_extractor/*.json",
            "text_encoder/config.json text_encoder/model.fp16.safetensors",
            "unet/config.json unet/diffusion_pytorch_model.fp16.safetensors",
            "vae/config.json vae/diffusion_pytorch_model.fp16.safetensors",
            "safety_checker/config.json safety_checker/model.fp16.safetensors",
        ),
        variant="fp16",
        vram_gb=4,
        offload_gb=3,
    ),
    Weights(
        name="sdxl-inpaint",
        kind="editor",
        source="diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
        # Commit: brycedrennan/imaginAIry, imaginairy/config.py (weights_location). No digest was found.
        revision="115134f363124c53c7d878647567d04daf26e41e",
        sha256=(),
        licence="CreativeML Open RAIL++-M",
        size_mb=6940,
        note="Stable Diffusion XL inpainting 0.1, 1024 px; fits 8 GB with offload",
        files=_files(
            "model_index.json scheduler/*.json tokenizer/* tokenizer_2/*",
            "text_encoder/config.json text_encoder/model.fp16.safetensors",
            "text_encoder_2/config.json text_encoder_2/model.fp16.safetensors",
            "unet/config.json unet/diffusion_pytorch_model.fp16.safetensors",
            "vae/config.json vae/diffusion_pytorch_model.fp16.safetensors",
        ),
        variant="fp16",
        vram_gb=10,
        offload_gb=8,
    ),
    Weights(
        name="flux-fill",
        kind="editor",
        source="black-forest-labs/FLUX.1-Fill-dev",
        # Commit and the folders to fetch: JacobCYShin/textflux-korean-document, runtime/scripts/download_models.py;
        # several others name the same commit. The size of the diffusers layout: another public record of that commit.
        # No digest was found.
        revision="358293da0354175698b67ec8299acf928313a78a",
        sha256=(),
        licence="FLUX.1-dev Non-Commercial",
        size_mb=33916,
        note="FLUX.1 Fill, 1024 px; not for commercial use",
        files=_files(
            "model_index.json scheduler/*.json tokenizer/* tokenizer_2/*",
            "text_encoder/config.json text_encoder/model.safetensors",
            "text_encoder_2/config.json text_encoder_2/*.safetensors.index.json text_encoder_2/*.safetensors",
            "transformer/config.json transformer/*.safetensors.index.json transformer/*.safetensors",
            "vae/config.json vae/diffusion_pytorch_model.safetensors",
        ),
        gated=True,
        vram_gb=36,
        offload_gb=26,
    ),
    # Commits of the two Qwen models: sgl-project/sglang, python/sglang/multimodal_gen/test/server/musa/
    # testcase_configs_musa.py (an early version; later ones ask the cache), and a dozen others. Files: the hub's own
    # lists. Sizes: two public records of downloads (57,704,594,653 and 57,718,778,989 bytes). Digests: the hub's pages
    # of copies of both (chaitnya26/Qwen-Image-fork and Qwen-Image-Edit-fork, and others); of most shards none.
    Weights(
        name="qwen-image",
        kind="editor",
        source="Qwen/Qwen-Image",
        revision="75e0b4be04f60ec59a75f475837eced720f823b6",
        sha256=(
            (
                "text_encoder/model-00003-of-00004.safetensors",
                "09c1807c6d00d7cab94f7db39d4c02ebb8537225ccde383861ac48db97945aa6",
            ),
            _QWEN_VAE,
        ),
        licence="Apache-2.0",
        size_mb=57705,
        note="Qwen-Image, 20 B parameters; diffusers inpaints with it by QwenImageInpaintPipeline",
        files=_files(
            "model_index.json scheduler/*.json tokenizer/*",
            "text_encoder/config.json text_encoder/*.safetensors.index.json text_encoder/*.safetensors",
            "transformer/config.json transformer/*.safetensors.index.json transformer/*.safetensors",
            "vae/config.json vae/diffusion_pytorch_model.safetensors",
        ),
        vram_gb=60,
        offload_gb=43,
    ),
    Weights(
        name="qwen-image-edit",
        kind="editor",
        source="Qwen/Qwen-Image-Edit",
        # Of its editions (this, 2509, 2511) the one that diffusers 0.42 documents for QwenImageEditInpaintPipeline.
        revision="ac7f9318f633fc4b5778c59367c8128225f1e3de",
        sha256=(_QWEN_VAE,),
        licence="Apache-2.0",
        size_mb=57719,
        note="Qwen-Image-Edit, 20 B parameters: follows an order, and sees the photo while it reads the words",
        files=_files(
            "model_index.json scheduler/*.json tokenizer/* processor/*",
            "text_encoder/config.json text_encoder/*.safetensors.index.json text_encoder/*.safetensors",
            "transformer/config.json transformer/*.safetensors.index.json transformer/*.safetensors",
            "vae/config.json vae/diffusion_pytorch_model.safetensors",
        ),
        vram_gb=62,
        offload_gb=45,
    ),
    Weights(
        name="klein-4b",
        kind="editor",
        source="black-forest-labs/FLUX.2-klein-4B",
        # Commit, digests, sizes and list of files: public repositories that pin this commit and check each file
        # (docs/reference/models.md). The one large file beside the folders is the net again, and is not fetched.
        revision="e7b7dc27f91deacad38e78976d1f2b499d76a294",
        sha256=(
            (
                "transformer/diffusion_pytorch_model.safetensors",
                "9f29f9edcfdae452a653ffb51a534ca4decd389952c225724ff3b94042612a6e",
            ),
            (
                "text_encoder/model-00001-of-00002.safetensors",
                "8c0506e7f4936fa7e26183a4fd8da4e2bdbc5990ba64ae441f965d51228f36ea",
            ),
            (
                "text_encoder/model-00002-of-00002.safetensors",
                "82f2bd839378541b0557bfabaf37c7d3d637071fdcb73302dedd7cf61162ce07",
            ),
            (
                "vae/diffusion_pytorch_model.safetensors",
                "ca70d2202afe6415bdbcb8793ba8cd99fd159cfe6192381504d6c4d3036e0f04",
            ),
        ),
        licence="Apache-2.0",
        size_mb=15969,
        note="FLUX.2 klein, 4 B parameters, distilled to 4 steps, up to 1 megapixel",
        files=_files(
            "model_index.json scheduler/*.json tokenizer/*",
            "text_encoder/config.json text_encoder/*.safetensors.index.json text_encoder/*.safetensors",
            "transformer/config.json transformer/diffusion_pytorch_model.safetensors",
            "vae/config.json vae/diffusion_pytorch_model.safetensors",
        ),
        vram_gb=20,
        offload_gb=12,
    ),
    Weights(
        name="kontext-dev",
        kind="editor",
        source="black-forest-labs/FLUX.1-Kontext-dev",
        # Commit: several public repositories name it, with folders as for FLUX.1 Fill. No digest was found.
        revision="af58063aa431f4d2bbc11ae46f57451d4416a170",
        sha256=(),
        licence="FLUX.1-dev Non-Commercial",
        size_mb=33916,
        note="FLUX.1 Kontext, up to 1 megapixel; not for commercial use",
        files=_files(
            "model_index.json scheduler/*.json tokenizer/* tokenizer_2/*",
            "text_encoder/config.json text_encoder/model.safetensors",
            "text_encoder_2/config.json text_encoder_2/*.safetensors.index.json text_encoder_2/*.safetensors",
            "transformer/config.json transformer/*.safetensors.index.json transformer/*.safetensors",
            "vae/config.json vae/diffusion_pytorch_model.safetensors",
        ),
        gated=True,
        vram_gb=37,
        offload_gb=27,
    ),
    Weights(
        name="lcm-lora-sd15",
        kind="editor part",
        source="latent-consistency/lcm-lora-sdv1-5",
        # Commit and licence: the hub's list of files at that commit. Digest and size: the large-file pointers of three
        # copies on the hub (one: mediaworks/jg_08), and a public script that checks this commit's file against them.
        revision="cf2fced511dbe7e26c8d1d397e728fbab875db4b",
        sha256=(
            ("pytorch_lora_weights.safetensors", "8f90d840e075ff588a58e22c6586e2ae9a6f7922996ee6649a7f01072333afe4"),
        ),
        licence="CreativeML Open RAIL++-M",
        size_mb=135,
        note="LoRA for sd15-inpaint: 4 to 8 steps with LCMScheduler and a guidance of 1 to 2",
        files=_files("pytorch_lora_weights.safetensors"),
        vram_gb=0.1,
    ),
    Weights(
        name="sdxl-lightning-lora",
        kind="editor part",
        source="ByteDance/SDXL-Lightning",
        # Commit and digest: finegrain-ai/refiners, src/refiners/conversion/models/loras.py; with the size also in the
        # model card of phobos36/sdxl-lightning-4step-lora, an unchanged copy. The repository holds 2 to 8 steps and
        # whole U-Nets too; one file of it is fetched.
        revision="c9a24f48e1c025556787b0c58dd67a091ece2e44",
        sha256=(
            (
                "sdxl_lightning_4step_lora.safetensors",
                "bf56cf2657efb15e465d81402ed481d1e11c4677e4bcce1bc11fe71ad8506b79",
            ),
        ),
        licence="CreativeML Open RAIL++-M",
        size_mb=394,
        note="LoRA for sdxl-inpaint: 4 steps with EulerDiscreteScheduler (trailing timesteps) and no guidance",
        files=_files("sdxl_lightning_4step_lora.safetensors"),
        vram_gb=0.4,
    ),
    # Commits of the two ControlNets: brycedrennan/imaginAIry, imaginairy/config.py, which takes the same two files.
    # Digests: the hub's pages of these files at earlier commits; by its lists only the model cards changed since.
    Weights(
        name="controlnet-canny-sd15",
        kind="editor part",
        source="lllyasviel/control_v11p_sd15_canny",
        revision="115a470d547982438f70198e353a921996e2e819",
        sha256=(
            (
                "diffusion_pytorch_model.fp16.safetensors",
                "9ed3a7f834aca0d2b26f9c7f186b3ee29465de1d13e152459e8c9cbb25a0c0bc",
            ),
        ),
        licence="CreativeML OpenRAIL-M",
        size_mb=723,
        note="ControlNet 1.1 for sd15-inpaint: keeps the edges of the photo",
        files=_files("config.json diffusion_pytorch_model.fp16.safetensors"),
        variant="fp16",
        vram_gb=0.8,
    ),
    Weights(
        name="controlnet-depth-sd15",
        kind="editor part",
        source="lllyasviel/control_v11f1p_sd15_depth",
        revision="539f99181d33db39cf1af2e517cd8056785f0a87",
        sha256=(
            (
                "diffusion_pytorch_model.fp16.safetensors",
                "838f3e848cb93231d41084d858d117416ab32907a5c8c80c421a131d101ba1ef",
            ),
        ),
        licence="CreativeML OpenRAIL-M",
        size_mb=723,
        note="ControlNet 1.1 for sd15-inpaint: keeps the shape of the room; needs a depth map, see the next",
        files=_files("config.json diffusion_pytorch_model.fp16.safetensors"),
        variant="fp16",
        vram_gb=0.8,
    ),
    Weights(
        name="depth-anything-v2-small",
        kind="editor part",
        source="depth-anything/Depth-Anything-V2-Small-hf",
        # Commit: DarthReca/depth-any-canopy-small, config.json (_commit_hash), and the hub's list of files, where it is
        # the latest. Digest: the hub's page of the file. The larger editions are not for commercial use; this one is.
        revision="5426e4f0f36572d16453bbda7a8389317b1bef99",
        sha256=(("model.safetensors", "3152477ce0d8d6978d76b995120de97cb5b928701fd0f817769f59e249a16b70"),),
        licence="Apache-2.0",
        size_mb=99,
        note="Depth Anything V2, small (25 M parameters): relative depth of one photo",
        files=_files("config.json preprocessor_config.json model.safetensors"),
        vram_gb=0.4,
    ),
    Weights(
        name="ip-adapter-sd15",
        kind="editor part",
        source="h94/IP-Adapter",
        # Commit and digest of the adapter: finegrain-ai/refiners, src/refiners/conversion/models/ipadapter_sd15.py.
        # Digest of the image encoder: mcmonkeyprojects/SwarmUI, WorkflowGeneratorSteps.cs.
        revision="018e402774aeeddd60609b4ecdb7e298259dc729",
        sha256=(
            ("models/ip-adapter_sd15.safetensors", "289b45f16d043d0bf542e45831f971dcdaabe18b656f11e86d9dfba7e9ee3369"),
            (
                "models/image_encoder/model.safetensors",
                "6ca9667da1ca9e0b0f75e46bb030f7e011f44f86cbfb8d5a36590fcd7507b030",
            ),
        ),
        licence="Apache-2.0",
        size_mb=2573,
        note="IP-Adapter for sd15-inpaint with its image encoder (CLIP ViT-H): paints in the manner of a picture",
        files=_files(
            "models/ip-adapter_sd15.safetensors",
            "models/image_encoder/config.json models/image_encoder/model.safetensors",
        ),
        vram_gb=1.4,
    ),
)


def catalogue() -> tuple[Weights, ...]:
    """Every known set of weights, in the order of the stages."""
    return _CATALOGUE


def find(name: str) -> Weights:
    """The catalogue's entry of that name.

    Raises:
        ConfigError: There is none; names the nearest one.
    """
    for weights in _CATALOGUE:
        if weights.name == name:
            return weights
    names = [weights.name for weights in _CATALOGUE]
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(names)}"
    raise ConfigError(f"unknown model {name!r}", hint=hint)
