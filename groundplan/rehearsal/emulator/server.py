"""The emulator as a whole: what is started in which order, and what stops it."""

from __future__ import annotations

import base64
import json
import logging
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from kubernetes.client import ApiClient, Configuration
from kubernetes.config import load_kube_config

from groundplan.rehearsal import deployer_policy, inventory, pki
from groundplan.rehearsal.emulator import answer_record, deployer
from groundplan.rehearsal.emulator.agent import PodIdentityAgent
from groundplan.rehearsal.emulator.answer_record import AnswerRecord
from groundplan.rehearsal.emulator.api import ApiServer
from groundplan.rehearsal.emulator.controllers.access import AccessController
from groundplan.rehearsal.emulator.controllers.launched_nodes import LaunchedNodeController
from groundplan.rehearsal.emulator.controllers.load_balancers import LoadBalancerController
from groundplan.rehearsal.emulator.controllers.loop import Controller
from groundplan.rehearsal.emulator.controllers.nodes import NodeController
from groundplan.rehearsal.emulator.controllers.pod_identity import PodIdentityController
from groundplan.rehearsal.emulator.deployer_record import DeployerRecord
from groundplan.rehearsal.emulator.eks.store import EksStore
from groundplan.rehearsal.emulator.faults import FaultSwitch, faults_file, write
from groundplan.rehearsal.emulator.tls import server_context
from groundplan.rehearsal.emulator.webhooks.authenticate import review_token
from groundplan.rehearsal.emulator.webhooks.identity import Authenticator
from groundplan.rehearsal.emulator.webhooks.pods import PodReviewer
from groundplan.rehearsal.emulator.webhooks.server import WebhookServer
from groundplan.rehearsal.world import ACCOUNT_ID, DEPLOYER, POD_IDENTITY_ADDRESS, READER, World

log = logging.getLogger(__name__)

_EVERYWHERE = IPv4Address(0)


class Emulator:
    """The emulated cloud of one rehearsal.

    Args:
        world: the rehearsal; its certificates and kubeconfigs exist.
        address: IP address of the AWS APIs and the webhooks (the machine reaches them by the link).
        agent_address: IP address of the pod identity agent.
    """

    def __init__(
        self,
        world: World,
        *,
        address: IPv4Address = _EVERYWHERE,
        agent_address: IPv4Address = POD_IDENTITY_ADDRESS,
    ) -> None:
        self.world = world
        self.store = EksStore(
            account_id=ACCOUNT_ID,
            region=world.region,
            endpoint=world.api_server_url,
            certificate_authority=base64.b64encode((world.pki / "ca.crt").read_bytes()).decode(),
        )
        self.api = ApiServer(
            address=str(address),
            port=world.ports.emulator,
            store=self.store,
            tls=server_context(world.pki / "aws.crt", world.pki / "aws.key"),
            records={
                role: DeployerRecord(deployer_policy.record_file(world, role)) for role in (DEPLOYER, READER)
            },
            answers=AnswerRecord(answer_record.record_file(world)),
            faults=FaultSwitch(faults_file(world)),
        )
        authenticator = Authenticator(
            self.store,
            endpoint_url=world.aws_endpoint_url,
            sts_port=self.api.port,
            authority=world.certificate_authority,
        )
        self._client = _client(world)
        pod_identity = PodIdentityController(self._client, world)
        pods = PodReviewer(self.store, prepare_namespace=pod_identity.prepare_namespace)
        self.webhooks = WebhookServer(
            world,
            address=str(address),
            reviewers={"/authenticate": partial(review_token, authenticator), "/mutate-pods": pods.review},
        )
        self.agent = PodIdentityAgent(
            self.store, address=str(agent_address), port=world.ports.pod_identity, review=pod_identity.review
        )
        self.controllers: tuple[Controller, ...] = (
            pod_identity,
            AccessController(self._client, self.store),
            NodeController(self._client, self.store, pki.node_name(world)),
            LaunchedNodeController(self._client, self.store),
            LoadBalancerController(self._client, world.node_address),
        )

    def start(self) -> None:
        """Serve, and begin to wait for the cluster. Faults that were set for an earlier emulator end."""
        write(faults_file(self.world), None)
        self.start_serving()
        self.open_account()
        for controller in self.controllers:
            controller.start()

    def start_serving(self) -> None:
        """Serve the AWS APIs, the webhooks and the agent."""
        self.api.start()
        self.webhooks.start()
        self.agent.start()
        log.info("the AWS APIs answer on port %d", self.api.port)

    def open_account(self) -> None:
        """Create who is in the empty account; write baseline and credentials."""
        deployer.save(deployer.create_reader(*self._here), self.world.readers_credentials)
        self.record_baseline(self.create_deployer(), deployer.create_observer(*self._here))

    def record_baseline(self, credentials: dict[str, Any], observer: dict[str, Any]) -> None:
        """Write down what the account holds before anything is deployed, and the credentials of both."""
        found = inventory.take(*self._here, observer)
        inventory.baseline_file(self.world).write_text(json.dumps(found, indent=1))
        deployer.save(observer, inventory.credentials_file(self.world))
        deployer.save(credentials, self.world.credentials)

    def create_deployer(self) -> dict[str, Any]:
        """Create the deployer's role in the empty account and return credentials of a session of it."""
        return deployer.create(*self._here, deployer_policy.given(self.world))

    @property
    def _here(self) -> tuple[str, Path, str]:
        return self.api.local_url, self.world.certificate_authority, self.world.region

    def stop(self) -> None:
        """Stop serving; what the account held is gone."""
        for controller in self.controllers:
            controller.stop()
        self.agent.stop()
        self.webhooks.stop()
        self.api.stop()


def _client(world: World) -> ApiClient:
    """A connection to the API server that fails at once when nobody answers: controllers try again."""
    configuration = Configuration()
    load_kube_config(config_file=str(world.pki / "emulator.kubeconfig"), client_configuration=configuration)
    configuration.retries = False
    return ApiClient(configuration)
